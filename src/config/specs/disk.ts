/**
 * Disk specifications, `format=qcow2,vdev=xvda,target=/x.img` or `phy:/dev/vg/web,xvda,w`, with every form that xl
 * takes (xl-disk-configuration(5); Xen tools/libs/util/libxlu_disk_l.l, whose rules decide in the same order here:
 * the longest match wins, and of equally long ones the first).
 */
import { entryOf } from '../../words/entry-of.ts'
import type { DiskSpec } from '../device-spec.ts'
import { diskBackends, diskFormats } from '../device-spec.ts'
import type { Spec } from '../keys/codecs.ts'

type Format = DiskSpec['format'] | 'empty'

/** What the rules have found so far. */
interface Draft {
  target?: string
  vdev?: string
  format?: Format
  readonly?: boolean
  shared: boolean
  cdrom: boolean
  backendType?: DiskSpec['backendType']
  backend?: string
  script?: string
  discard?: boolean
  directIoSafe: boolean
  trusted?: boolean
  hadPrefix: boolean
  accessGiven: boolean
  warnings: string[]
}

/** A reason to refuse, thrown inside this file only. */
class Refusal extends Error {}

const refuse = (message: string): never => {
  throw new Refusal(message)
}

/** Sets what may be said once, or again in the same way. */
function once<T>(before: T | undefined, now: T, what: string): T {
  if (before !== undefined && before !== now) refuse(`two ${what}s: ${String(before)} and ${String(now)}`)
  return now
}

/** Sets a text that may be said once; an empty one may be overwritten. */
function onceText(before: string | undefined, now: string, what: string): string {
  if (before !== undefined && before !== '') refuse(`two ${what}s: ${before} and ${now}`)
  return now
}

function formatOf(text: string): Format {
  if (text === '') return 'raw'
  if (text === 'empty') return 'empty'
  return diskFormats.find((format) => format === text) ?? refuse(formatProblem(text))
}

function formatProblem(text: string): string {
  const isDevice = /^(xvd|hd|sd|d\d+p)/.test(text)
  const hint = isDevice ? `; ${text} stands where the format belongs: write TARGET,raw,${text},…` : ''
  return `unknown disk format ${JSON.stringify(text)}${hint}`
}

function setAccess(draft: Draft, text: string) {
  if (text === 'r' || text === 'ro') draft.readonly = true
  else if (text === 'w' || text === 'rw' || text === '') draft.readonly = false
  else if (text === 'w!' || text === 'rw!') Object.assign(draft, { readonly: false, shared: true })
  else refuse(`unknown access ${JSON.stringify(text)}: r, ro, w, rw, or w! to share it`)
}

/** `hdc:cdrom` in the place of the device name. */
function setVdevWithType(draft: Draft, text: string): boolean {
  const colon = text.lastIndexOf(':')
  if (colon < 0) return false
  const type = text.slice(colon + 1)
  draft.vdev = onceText(draft.vdev, text.slice(0, colon), 'device name')
  if (type !== 'cdrom' && type !== 'disk') refuse(`unknown device type ${JSON.stringify(type)}: cdrom or disk`)
  draft.cdrom = type === 'cdrom'
  return true
}

/** KEY=VALUE up to the next comma. */
const assignments: Readonly<Record<string, (draft: Draft, value: string) => void>> = {
  format: (draft, value) => (draft.format = once(draft.format, formatOf(value), 'format')),
  access: setAccess,
  backend: (draft, value) => (draft.backend = onceText(draft.backend, value, 'backend')),
  backendtype: (draft, value) => {
    const type = diskBackends.find((name) => name === value)
    draft.backendType = once(
      draft.backendType,
      type ?? refuse(`unknown backendtype ${JSON.stringify(value)}`),
      'backendtype',
    )
  },
  devtype: (draft, value) => {
    if (value !== 'cdrom' && value !== 'disk') refuse(`unknown devtype ${JSON.stringify(value)}: cdrom or disk`)
    draft.cdrom = value === 'cdrom'
  },
  specification: (_draft, value) => {
    if (value !== 'xen') refuse(`specification=${value} is known, not supported: only Xen's own block devices are`)
  },
  vdev: (draft, value) => (draft.vdev = onceText(draft.vdev, value, 'device name')),
  script: (draft, value) => (draft.script = onceText(draft.script, value, 'script')),
}

const colo = () => refuse('COLO is known, not supported')

/** Words that stand alone. */
const flags: Readonly<Record<string, (draft: Draft) => void>> = {
  cdrom: (draft) => (draft.cdrom = true),
  'direct-io-safe': (draft) => (draft.directIoSafe = true),
  discard: (draft) => (draft.discard = true),
  'no-discard': (draft) => (draft.discard = false),
  trusted: (draft) => (draft.trusted = true),
  untrusted: (draft) => (draft.trusted = false),
  colo,
  'no-colo': () => undefined,
}

const FORMAT_PREFIX = /^(raw|qcow2?|vhd):/
const SCRIPT_PREFIX = /^(iscsi|e?nbd|drbd):/
const EMPTY_PREFIX = /^(tapdisk|tap2?|aio|ioemu|file|phy):/
const UNKNOWN_PREFIX = /^[a-z][a-z0-9]*:($|[^a-z0-9])/
const ASSIGNMENT = /^([a-z][-a-z0-9]*)=([^,]*),?/
const POSITIONAL = /^(?:([^=,]*),|([^=,]+),?)/

/** Takes one prefix, parameter or positional from the front and gives back the rest. */
function takeOne(draft: Draft, rest: string): string {
  const space = /^[ \t\n]+/.exec(rest)
  if (space !== null) return rest.slice(space[0].length)
  if (rest.startsWith('target=')) {
    draft.target = onceText(draft.target, rest.slice('target='.length).replace(/,$/, ''), 'target')
    return ''
  }
  return takePrefix(draft, rest) ?? takeAssignment(draft, rest) ?? takePositional(draft, rest)
}

function takePrefix(draft: Draft, rest: string): string | undefined {
  const format = FORMAT_PREFIX.exec(rest)
  const script = SCRIPT_PREFIX.exec(rest)
  const empty = EMPTY_PREFIX.exec(rest)
  if (format?.[1] !== undefined) draft.format = once(draft.format, formatOf(format[1]), 'format')
  else if (script?.[1] !== undefined) draft.script = onceText(draft.script, `block-${script[1]}`, 'script')
  else if (empty === null) {
    if (UNKNOWN_PREFIX.test(rest)) refuse(`unknown prefix in ${JSON.stringify(rest.split(',', 1)[0])}`)
    return undefined
  }
  draft.hadPrefix = true
  return rest.slice(rest.indexOf(':') + 1)
}

function takeAssignment(draft: Draft, rest: string): string | undefined {
  const match = ASSIGNMENT.exec(rest)
  if (match === null) return undefined
  const [whole, name = '', value = ''] = match
  const assign = entryOf(assignments, name) ?? refuse(`unknown parameter ${JSON.stringify(name)}`)
  assign(draft, value)
  return rest.slice(whole.length)
}

function takePositional(draft: Draft, rest: string): string {
  const match = POSITIONAL.exec(rest)
  if (match === null) refuse(`bad disk syntax near ${JSON.stringify(rest)}`)
  const whole = match?.[0] ?? ''
  const text = match?.[1] ?? match?.[2] ?? ''
  const set = entryOf(flags, text)
  if (set !== undefined) set(draft)
  else setPositional(draft, text)
  return rest.slice(whole.length)
}

function setPositional(draft: Draft, text: string) {
  if (draft.target === undefined) {
    draft.target = text
  } else if (!draft.hadPrefix && draft.format === undefined) {
    if (draft.target === '' && setVdevWithType(draft, text)) draft.format = 'empty'
    else draft.format = formatOf(text)
  } else if (draft.vdev === undefined) {
    if (!setVdevWithType(draft, text)) draft.vdev = text
  } else if (!draft.accessGiven) {
    draft.accessGiven = true
    setAccess(draft, text)
  } else {
    refuse(`too many positional parameters, from ${JSON.stringify(text)} on`)
  }
}

function finish(draft: Draft): Spec<DiskSpec> {
  const { vdev, target = '', format = 'raw', cdrom } = draft
  if (vdev === undefined || vdev === '')
    return { problem: 'the disk has no device name', fix: 'add vdev=xvda, or another one' }
  if (target === '' && !cdrom) return { problem: 'the disk has no target, and only a CD drive can be empty' }
  if (format === 'empty' && !cdrom) return { problem: 'only a CD drive can be empty' }
  const empty = format === 'empty' || target === ''
  if (empty && target !== '') draft.warnings.push(`the drive is empty, so its target ${target} is ignored`)
  if (draft.shared) draft.warnings.push('xl does not know access=w!, and does not start this guest')
  if (draft.shared && draft.script !== undefined && draft.script !== '')
    return { problem: 'a disk with a script of its own cannot be w!', fix: 'let the script see to who shares it' }
  if (cdrom && draft.readonly === false && draft.accessGiven) draft.warnings.push('a CD is always read-only')
  const value = {
    vdev,
    target: empty ? null : target,
    format: format === 'empty' || empty ? 'raw' : format,
    access: cdrom || draft.readonly === true ? 'read-only' : 'read-write',
    ...(draft.shared && { shared: true }),
    cdrom,
    directIoSafe: draft.directIoSafe,
    ...(draft.backendType !== undefined && { backendType: draft.backendType }),
    ...(draft.backend !== undefined && draft.backend !== '' && { backend: draft.backend }),
    ...(draft.script !== undefined && draft.script !== '' && { script: draft.script }),
    ...(draft.discard !== undefined && { discard: draft.discard }),
    ...(draft.trusted !== undefined && { trusted: draft.trusted }),
  } as const
  return { value, warnings: draft.warnings }
}

/** Reads one specification. */
export function parseDisk(spec: string): Spec<DiskSpec> {
  const draft: Draft = {
    shared: false,
    cdrom: false,
    directIoSafe: false,
    hadPrefix: false,
    accessGiven: false,
    warnings: [],
  }
  try {
    for (let rest = spec; rest !== '';) rest = takeOne(draft, rest)
  } catch (thrown) {
    if (thrown instanceof Refusal) return { problem: thrown.message }
    throw thrown
  }
  return finish(draft)
}

/** The one form that says everything by name, target last because it takes the rest of the text. */
export function writeDisk(disk: DiskSpec): string {
  const parts = [
    disk.format !== 'raw' && `format=${disk.format}`,
    `vdev=${disk.vdev}`,
    disk.access === 'read-only' && !disk.cdrom && 'access=ro',
    disk.shared === true && 'access=w!',
    disk.cdrom && 'devtype=cdrom',
    disk.backendType !== undefined && `backendtype=${disk.backendType}`,
    disk.backend !== undefined && `backend=${disk.backend}`,
    disk.script !== undefined && `script=${disk.script}`,
    disk.discard !== undefined && (disk.discard ? 'discard' : 'no-discard'),
    disk.directIoSafe && 'direct-io-safe',
    disk.trusted !== undefined && (disk.trusted ? 'trusted' : 'untrusted'),
    disk.target !== null && `target=${disk.target}`,
  ]
  return parts.filter((part) => part !== false).join(',')
}
