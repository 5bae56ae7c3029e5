/** Rules that compare a definition with its host and its neighbours. The facts come in; nothing is looked up here. */
import type { GuestSpec } from '../guest-spec.ts'
import { keyTable } from '../keys/table.ts'
import { keysOfLaterXen } from '../later-keys.ts'
import { withNicDefaults } from '../nic-defaults.ts'
import type { Observation, Rule } from './finding.ts'
import { type Neighbour, isLocalFile } from './neighbour.ts'

const error = (rule: string, field: string, message: string, fix?: string): Observation => ({
  severity: 'error',
  rule,
  field,
  message,
  fix,
})
const warning = (rule: string, field: string, message: string, fix?: string): Observation => ({
  ...error(rule, field, message, fix),
  severity: 'warning',
})

/** Every file of dom0 that a guest needs, and the field that names it. */
export function filesOf(spec: GuestSpec): readonly { readonly field: string; readonly path: string }[] {
  const named = (['kernel', 'ramdisk', 'firmwarePath', 'biosPath', 'acpiFirmware', 'smbiosFirmware'] as const).flatMap(
    (field) => {
      const path = spec[field]
      return path?.startsWith('/') === true ? [{ field, path }] : []
    },
  )
  const disks = spec.disks.flatMap((disk, index) =>
    isLocalFile(disk) && disk.target !== null ? [{ field: `disks.${index}`, path: disk.target }] : [],
  )
  return [...named, ...disks]
}

const missingFiles: Rule = (spec, _examined, { missingFiles: missing }) =>
  filesOf(spec)
    .filter(({ path }) => missing?.has(path) ?? false)
    .map(({ field, path }) =>
      isTemporary(path)
        ? error('missing-file', field, `${path} cannot be seen`, OWN_TMP)
        : error('missing-file', field, `${path} does not exist or cannot be read`),
    )

/** The service has folders of its own there (PrivateTmp= in systemd/tetrarchd.service). */
export const isTemporary = (path: string): boolean => /^\/(var\/)?tmp\//.test(path)
/** What to do about a file that lies there. */
export const OWN_TMP = 'put it elsewhere: the service has a /tmp and /var/tmp of its own'

/** What a VHD shows itself to be that has only what differs from its parent. */
export const DIFFERENCING_VHD = 'differencing vhd'

const diskHeaders: Rule = ({ disks }, _examined, { diskHeaders: headers }) =>
  disks.flatMap(({ target, format, vdev }, index) => {
    const found = target === null ? undefined : headers?.get(target)
    if (found === undefined || found === format) return []
    if (found === DIFFERENCING_VHD) return [differencing(vdev, index)]
    const danger = format === 'raw' ? '; as raw, the guest could make it point at any file of the host' : ''
    return [
      error(
        'disk-header',
        `disks.${index}`,
        `${vdev} is given as ${format}, and its file is ${found}${danger}`,
        `write format=${found}`,
      ),
    ]
  })

/** QEMU block/vpc.c knows fixed and dynamic ones, and takes it for a dynamic one. */
const differencing = (vdev: string, index: number): Observation =>
  error(
    'disk-header',
    `disks.${index}`,
    `${vdev} is a differencing VHD, which QEMU reads without its parent: the guest would see other bytes than are there`,
    'join it with its parent (vhd-util coalesce), or make it a qcow2 image with a backing file',
  )

/** Where libxl puts a nic that names no bridge (Xen tools/libs/light/libxl_nic.c). */
export const DEFAULT_BRIDGE = 'xenbr0'

const bridges: Rule = (spec, _examined, { bridges: known, nicDefaults }) =>
  withNicDefaults(spec, nicDefaults).nics.flatMap(({ bridge, backend, script }, index) => {
    const local = backend === undefined && (script === undefined || script.endsWith('vif-bridge'))
    if (known === undefined || bridge === '' || !local || known.has(bridge ?? DEFAULT_BRIDGE)) return []
    const why = bridge === undefined ? ', on which libxl puts a nic that names none' : ''
    const fix = `ip link add ${bridge ?? DEFAULT_BRIDGE} type bridge; or correct bridge=`
    return [
      error(
        'missing-bridge',
        `nics.${index}`,
        `there is no bridge ${bridge ?? DEFAULT_BRIDGE} on this host${why}`,
        fix,
      ),
    ]
  })

const size: Rule = ({ memoryMiB, vcpus }, _examined, { hostMemoryMiB, hostCpus }) => [
  ...(hostMemoryMiB === undefined || memoryMiB <= hostMemoryMiB
    ? []
    : [error('too-much-memory', 'memoryMiB', `${memoryMiB} MiB cannot fit a host that has ${hostMemoryMiB}`)]),
  ...(hostCpus === undefined || vcpus <= hostCpus
    ? []
    : [warning('many-vcpus', 'vcpus', `${vcpus} vCPUs share the ${hostCpus} processors of the host`)]),
]

const laterKeys: Rule = (spec, _examined, { xenVersion }) =>
  (xenVersion === undefined ? [] : keysOfLaterXen(spec, xenVersion)).map(({ name, since, target }) =>
    warning(
      'later-xen',
      target,
      `"${name}" is read from Xen ${since ?? ''} on, and does nothing under this Xen ${xenVersion ?? ''}`,
      'remove it',
    ),
  )

const expectedName: Rule = ({ name }, _examined, { expectedName: expected }) =>
  expected === undefined || expected === name
    ? []
    : [error('name', 'name', `the guest is called ${name}, and its file ${expected}.cfg`, `write name = "${expected}"`)]

const neighbours: Rule = (spec, _examined, { neighbours: others = [] }) =>
  others.flatMap((other) => (other.name === spec.name ? namesake(other) : sharedWith(spec, other)))

/** A guest and its copy share everything; only of files that are checked together is it a mistake. */
const namesake = ({ name, file }: Neighbour): readonly Observation[] =>
  file === undefined
    ? []
    : [error('shared-name', 'name', `${file} defines a guest ${name} too`, 'give one of them another name')]

function sharedWith(spec: GuestSpec, other: Neighbour): readonly Observation[] {
  const macs = new Set(other.macs)
  const written = new Map<string | null, string>(other.disks.map(({ target, access }) => [target, access]))
  return [
    ...(spec.uuid !== undefined && spec.uuid === other.uuid
      ? [error('shared-uuid', 'uuid', `${other.name} has this uuid too`)]
      : []),
    ...spec.nics.flatMap(({ mac }, index) =>
      mac !== undefined && macs.has(mac)
        ? [error('shared-mac', `nics.${index}`, `${other.name} has a nic with ${mac} too`)]
        : [],
    ),
    ...spec.disks.filter(isLocalFile).flatMap(({ target, access, shared }, index) => {
      const theirs = written.get(target)
      if (theirs === undefined || shared === true || (theirs === 'read-only' && access === 'read-only')) return []
      return [
        error('shared-disk', `disks.${index}`, `${other.name} has ${target ?? ''} too, and not both only read it`),
      ]
    }),
  ]
}

/** What a mode says against a guest begins with the key that it is about, if it is about one. */
const refusals: Rule = (_spec, { places }, { refusals: refused = [] }) =>
  refused.map((message) => {
    const key = keyTable.get(/^\w+/.exec(message)?.[0] ?? '')
    const mode = ['@mode', '@type', '@builder'].find((target) => places.has(target))
    return error('mode', key?.target ?? mode ?? 'name', message)
  })

const virtualNodes: Rule = ({ vnuma = [] }, _examined, { hostNodes }) =>
  vnuma.flatMap(({ physicalNode }, index) =>
    hostNodes === undefined || physicalNode < hostNodes
      ? []
      : [error('no-such-node', `vnuma.${index}`, `this host has no NUMA node ${physicalNode}; it has ${hostNodes}`)],
  )

export const hostRules: readonly Rule[] = [
  missingFiles,
  diskHeaders,
  bridges,
  size,
  laterKeys,
  expectedName,
  neighbours,
  refusals,
  virtualNodes,
]
