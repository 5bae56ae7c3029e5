import type { GuestSpec } from '../../config/guest-spec.ts'
import { allModes, modeNamed } from '../../modes/index.ts'
import { type TetrarchError, fail } from '../../words/errors.ts'
import type { BootSource } from '../host.ts'

const KERNEL_VERSION = '6.1.0-simulated'
/** Kernels of the simulation boot in every mode. */
const kernelFacts = { version: KERNEL_VERSION, canPv: true, canPvh: true }

/** The boot that a specification asks for; every disk in the simulation holds a kernel. */
export function bootSourceOf(spec: GuestSpec): BootSource {
  const { kernel, ramdisk = null, cmdline = null, firmware } = spec
  if (kernel !== undefined)
    return { kernel, ramdisk, cmdline, booted: { how: 'kernel', what: kernel, kernelVersion: null }, kernelFacts }
  const nothing = { kernel: null, ramdisk: null, cmdline: null, kernelFacts: null }
  if (firmware?.startsWith('pvgrub') === true)
    return { ...nothing, booted: { how: 'pvgrub', what: firmware, kernelVersion: null } }
  const disk = spec.disks.find(({ cdrom }) => !cdrom)
  if (disk === undefined || !mayUseBootLoader(spec))
    return { ...nothing, booted: { how: 'firmware', what: firmware ?? 'SeaBIOS', kernelVersion: null } }
  return {
    kernel: `/simulated/${spec.name}/vmlinuz`,
    ramdisk: `/simulated/${spec.name}/initrd.img`,
    cmdline: cmdline ?? 'root=/dev/xvda1 ro',
    booted: { how: 'boot-loader', what: `${disk.vdev}:/boot/vmlinuz-${KERNEL_VERSION}`, kernelVersion: KERNEL_VERSION },
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
