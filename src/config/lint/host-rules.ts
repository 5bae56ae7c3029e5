/** Rules that compare a definition with its host and its neighbours. The facts come in; nothing is looked up here. */
import type { DiskSpec } from '../device-spec.ts'
import type { GuestSpec } from '../guest-spec.ts'
import { keyTable } from '../keys/table.ts'
import type { Observation, Rule } from './finding.ts'

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

/** A target that libxl opens itself as a file of dom0, so not one that a script or another domain makes. */
const isLocalFile = ({ target, script, backend }: DiskSpec): boolean =>
  target?.startsWith('/') === true && script === undefined && backend === undefined

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
    .map(({ field, path }) => error('missing-file', field, `${path} does not exist or cannot be read`))

const diskHeaders: Rule = ({ disks }, _examined, { diskHeaders: headers }) =>
  disks.flatMap(({ target, format, vdev }, index) => {
    const found = target === null ? undefined : headers?.get(target)
    if (found === undefined || found === format) return []
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

const bridges: Rule = ({ nics }, _examined, { bridges: known }) =>
  nics.flatMap(({ bridge, backend, script }, index) => {
    const local = backend === undefined && (script === undefined || script.endsWith('vif-bridge'))
    if (known === undefined || bridge === undefined || bridge === '' || !local || known.has(bridge)) return []
    return [error('missing-bridge', `nics.${index}`, `there is no bridge ${bridge} on this host`)]
  })

const size: Rule = ({ memoryMiB, vcpus }, _examined, { hostMemoryMiB, hostCpus }) => [
  ...(hostMemoryMiB === undefined || memoryMiB <= hostMemoryMiB
    ? []
    : [error('too-much-memory', 'memoryMiB', `${memoryMiB} MiB cannot fit a host that has ${hostMemoryMiB}`)]),
  ...(hostCpus === undefined || vcpus <= hostCpus
    ? []
    : [warning('many-vcpus', 'vcpus', `${vcpus} vCPUs share the ${hostCpus} processors of the host`)]),
]

const versionNumber = (version: string): number => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major * 1000 + minor
}

const keysOfLaterXen: Rule = (_spec, { keys }, { xenVersion }) =>
  [...keys.keys()].flatMap((name) => {
    const { since, target = '' } = keyTable.get(name) ?? {}
    if (since === undefined || xenVersion === undefined || versionNumber(since) <= versionNumber(xenVersion)) return []
    return [
      error(
        'later-xen',
        target,
        `"${name}" is known to Xen ${since} and later, and this is ${xenVersion}`,
        'remove it',
      ),
    ]
  })

const expectedName: Rule = ({ name }, _examined, { expectedName: expected }) =>
  expected === undefined || expected === name
    ? []
    : [error('name', 'name', `the guest is called ${name}, and its file ${expected}.cfg`, `write name = "${expected}"`)]

const neighbours: Rule = (spec, _examined, { neighbours: others = [] }) =>
  others.filter((other) => other.spec.name !== spec.name).flatMap((other) => sharedWith(spec, other.spec))

function sharedWith(spec: GuestSpec, other: GuestSpec): readonly Observation[] {
  const macs = new Set(other.nics.map(({ mac }) => mac))
  const written = new Map(other.disks.filter(isLocalFile).map(({ target, access }) => [target, access]))
  return [
    ...(spec.uuid !== undefined && spec.uuid === other.uuid
      ? [error('shared-uuid', 'uuid', `${other.name} has this uuid too`)]
      : []),
    ...spec.nics.flatMap(({ mac }, index) =>
      mac !== undefined && macs.has(mac)
        ? [error('shared-mac', `nics.${index}`, `${other.name} has a nic with ${mac} too`)]
        : [],
    ),
    ...spec.disks.filter(isLocalFile).flatMap(({ target, access }, index) => {
      const theirs = written.get(target)
      if (theirs === undefined || (theirs === 'read-only' && access === 'read-only')) return []
      return [
        error('shared-disk', `disks.${index}`, `${other.name} has ${target ?? ''} too, and not both only read it`),
      ]
    }),
  ]
}

const refusals: Rule = (_spec, _examined, { refusals: refused = [] }) =>
  refused.map(({ field, message, fix }) => error('mode', field, message, fix))

export const hostRules: readonly Rule[] = [
  missingFiles,
  diskHeaders,
  bridges,
  size,
  keysOfLaterXen,
  expectedName,
  neighbours,
  refusals,
]
