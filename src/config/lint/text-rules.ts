/** Rules that need nothing but the definition. */
import { entryOf } from '../../words/entry-of.ts'
import type { DiskSpec } from '../device-spec.ts'
import { keyTable } from '../keys/table.ts'
import type { ConfiguredMode } from '../../words/mode-names.ts'
import type { Observation, Rule } from './finding.ts'

const warning = (rule: string, field: string, message: string, fix?: string): Observation => ({
  severity: 'warning',
  rule,
  field,
  message,
  fix,
})

/** Keys that do nothing in the guest's mode. With mode="auto" it is not known yet. */
const keysWithoutEffect: Rule = ({ mode }, { keys }) =>
  [...keys.keys()].flatMap((name) => {
    const row = keyTable.get(name)
    const working = row === undefined || row.support === 'unsupported' || row.support === 'ignored'
    const inMode = (row?.modes as readonly ConfiguredMode[] | undefined)?.includes(mode) ?? true
    if (working || inMode || namesMode(row.target) || mode === 'auto') return []
    return [warning('no-effect', row.target, `"${name}" does nothing in mode ${mode}`, 'remove it')]
  })

/** Keys that choose the mode mean something in every file. */
const namesMode = (target: string) => ['@xenPlatformPci', '@pvshim'].includes(target)

const outdatedKeys: Rule = (_spec, { keys }) =>
  [...keys.keys()].flatMap((name) => {
    const row = keyTable.get(name)
    if (row?.instead === undefined || row.support === 'unsupported') return []
    return [warning('outdated', row.target, `"${name}" is from older files`, row.instead)]
  })

const memory: Rule = ({ memoryMiB, maxMemoryMiB }, { keys }) => {
  if (!keys.has('memory')) {
    return [warning('memory', 'name', `no memory is given, so the guest gets ${memoryMiB} MiB`, 'add memory = MIB')]
  }
  if (maxMemoryMiB === undefined || memoryMiB <= maxMemoryMiB) return []
  return [warning('memory', 'memoryMiB', `memory is ${memoryMiB} MiB, and maxmem only ${maxMemoryMiB}`, 'raise maxmem')]
}

/** The indices of items that have the same key as an earlier one. */
function repeats<T>(items: readonly T[], keyOf: (item: T) => string | undefined): readonly number[] {
  const seen = new Set<string>()
  return items.flatMap((item, index) => {
    const key = keyOf(item)
    if (key === undefined) return []
    const again = seen.has(key)
    seen.add(key)
    return again ? [index] : []
  })
}

const repeatedDevices: Rule = ({ disks, nics }) => [
  ...repeats(disks, ({ vdev }) => vdev).map((index) => ({
    ...warning('repeated-vdev', `disks.${index}`, `a disk before this one is ${disks[index]?.vdev ?? ''} too`),
    severity: 'error' as const,
  })),
  ...repeats(nics, ({ mac }) => mac).map((index) => ({
    ...warning('repeated-mac', `nics.${index}`, `a nic before this one has ${nics[index]?.mac ?? ''} too`),
    severity: 'error' as const,
  })),
  ...repeats(disks, ({ target, access }) => (access === 'read-write' ? (target ?? undefined) : undefined)).map(
    (index) =>
      warning('repeated-disk', `disks.${index}`, `a disk before this one writes to ${disks[index]?.target ?? ''} too`),
  ),
]

const multicastMac: Rule = ({ nics }) =>
  nics.flatMap(({ mac }, index) => {
    const multicast = mac !== undefined && (parseInt(mac.slice(0, 2), 16) & 1) === 1
    if (!multicast) return []
    return [
      warning('multicast-mac', `nics.${index}`, `${mac} is a multicast address`, 'use one that begins with 00:16:3e'),
    ]
  })

const formatsOfEndings: Readonly<Record<string, DiskSpec['format']>> = {
  '.qcow2': 'qcow2',
  '.qcow': 'qcow',
  '.vhd': 'vhd',
  '.qed': 'qed',
}

/** A container that is given as raw shows the guest the container's own bytes, which it may then write. */
const formatOfEnding: Rule = ({ disks }) =>
  disks.flatMap(({ target, format }, index) => {
    const ending = /\.[a-z0-9]+$/.exec(target ?? '')?.[0] ?? ''
    const likely = entryOf(formatsOfEndings, ending)
    if (likely === undefined || likely === format) return []
    return [warning('disk-format', `disks.${index}`, `${target ?? ''} is given as ${format}`, `add format=${likely}`)]
  })

const nothingToBoot: Rule = ({ mode, kernel, bootloader, firmware }, { keys }) => {
  const emulated = keyTable.get('boot')?.modes as readonly ConfiguredMode[]
  if (mode === 'auto' || emulated.includes(mode)) return []
  if (kernel !== undefined || bootloader !== undefined || firmware !== undefined) return []
  const field = keys.has('disk') ? 'disks' : 'name'
  return [
    warning(
      'xl-refuses',
      field,
      'neither kernel nor bootloader is given, so xl would refuse this file',
      'add bootloader = "pygrub"',
    ),
  ]
}

export const textRules: readonly Rule[] = [
  keysWithoutEffect,
  outdatedKeys,
  memory,
  repeatedDevices,
  multicastMac,
  formatOfEnding,
  nothingToBoot,
]
