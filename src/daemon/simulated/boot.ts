import type { GuestSpec } from '../../config/guest-spec.ts'
import { DEFAULT_BRIDGE, filesOf } from '../../config/lint/host-rules.ts'
import { allModes, modeNamed } from '../../modes/index.ts'
import { type TetrarchError, fail } from '../../words/errors.ts'
import { bootWords } from '../../pygrub/guest-boot.ts'
import type { BootChoice, BootSource, Inspection } from '../host.ts'
import { simulatedEntry } from './boot-menu.ts'
import type { SimulatedSettings } from './settings.ts'

/** The boot that a specification asks for. Throws `boot-not-found` for a disk without a kernel. */
export function bootSourceOf(
  spec: GuestSpec,
  kernelOf: SimulatedSettings['kernel'],
  choice: BootChoice = {},
): BootSource {
  const { kernel, ramdisk = null, cmdline = null, firmware } = spec
  const kernelFacts = kernelOf(spec)
  if (kernel !== undefined)
    return { kernel, ramdisk, cmdline, booted: { how: 'kernel', what: kernel, kernelVersion: null }, kernelFacts }
  const nothing = { kernel: null, ramdisk: null, cmdline: null, kernelFacts: null }
  if (firmware?.startsWith('pvgrub') === true)
    return { ...nothing, booted: { how: 'pvgrub', what: firmware, kernelVersion: null } }
  const disk = spec.disks.find(({ cdrom }) => !cdrom)
  if (disk === undefined || !mayUseBootLoader(spec))
    return { ...nothing, booted: { how: 'firmware', what: firmware ?? 'SeaBIOS', kernelVersion: null } }
  if (kernelFacts === null)
    throw fail('boot-not-found', { what: `nothing to boot on ${disk.vdev}`, why: 'no boot menu was found' })
  const { entry: wanted, kernel: named, cmdline: whole, extraArgs = '' } = bootWords(spec, choice)
  const entry = simulatedEntry(wanted)
  const { version } = kernelFacts
  const where = named ?? `${entry.title} (${entry.partition}:${entry.source})`
  return {
    kernel: `/simulated/${spec.name}/vmlinuz`,
    ramdisk: `/simulated/${spec.name}/initrd.img`,
    cmdline: whole ?? [named === undefined ? entry.cmdline : '', extraArgs].join(' ').trim(),
    booted: { how: 'boot-loader', what: where, kernelVersion: version },
    kernelFacts,
  }
}

/** Whether some mode that the specification allows takes its kernel from the guest's disk. */
const mayUseBootLoader = ({ mode }: GuestSpec): boolean =>
  (mode === 'auto' ? allModes : [modeNamed(mode)]).some(({ boot }) => boot.includes('boot-loader'))

/** The error for the first file or bridge of a specification that dom0 does not have, null when all are there. */
export function missingResource(spec: GuestSpec, exists: (name: string) => boolean): TetrarchError | null {
  const files = [spec.kernel, spec.ramdisk, ...spec.disks.map(({ target }) => target)]
  const file = files.find((each) => typeof each === 'string' && !exists(each))
  if (typeof file === 'string')
    return fail('file-missing', { what: `there is no file ${file}`, fix: 'give the path of an existing file' })
  const bridge = spec.nics.map((nic) => nic.bridge).find((each) => each !== undefined && !exists(each))
  if (bridge === undefined) return null
  return fail('host-lacks', { what: `there is no bridge "${bridge}"`, fix: `ip link add ${bridge} type bridge` })
}

/** What dom0 has of what a specification names. */
export const inspectSimulated = (
  spec: GuestSpec,
  { exists, formatOf }: Pick<SimulatedSettings, 'exists' | 'formatOf'>,
): Inspection => ({
  missingFiles: new Set(filesOf(spec).flatMap(({ path }) => (exists(path) ? [] : [path]))),
  diskHeaders: new Map(
    spec.disks.flatMap(({ target }) => {
      const format = target === null ? null : formatOf(target)
      return target === null || format === null ? [] : [[target, format]]
    }),
  ),
  bridges: new Set(spec.nics.flatMap(({ bridge = DEFAULT_BRIDGE }) => (exists(bridge) ? [bridge] : []))),
})
