/**
 * What a guest's definition must say to be the same guest in another mode, and what its devices are called inside it then.
 * Pure: whether the guest's own system goes along is judged by conversion-needs.ts from what is on its disk.
 */
import { GuestSpec } from '../config/guest-spec.ts'
import { isPvgrub } from './features.ts'
import type { Mode } from './mode.ts'

/** Whether a guest in this mode can see emulated disks and nics, PV ones, or both until its drivers unplug the emulated. */
export type Hardware = 'pv' | 'both' | 'emulated'

export const hardwareOf = ({ deviceModel, platformPci }: Mode): Hardware =>
  deviceModel === 'only-for-devices' ? 'pv' : platformPci ? 'both' : 'emulated'

/** Fields that mean nothing, or are refused, where nothing is emulated. */
const EMULATED_FIELDS = [
  ...['vga', 'videoRamMiB', 'vnc', 'sdl', 'spice', 'keymap', 'nographic', 'vkbDevice'],
  ...['usb', 'usbVersion', 'usbPeripherals', 'serial', 'soundHardware', 'hdType', 'gfxPassthrough', 'vendorDevice'],
  ...['bootOrder', 'firmware', 'firmwarePath', 'biosPath', 'acpiFirmware', 'smbiosFirmware', 'smbios'],
  ...['viridian', 'hpet', 'acpiS3', 'acpiS4', 'acpiLaptopSlate', 'mmioHoleMiB', 'rdm', 'rdmMemBoundaryMiB'],
] as const
/** Fields that only a boot from outside has. */
const BOOT_LOADER_FIELDS = ['bootloader', 'bootloaderArgs', 'bootloaderRestrict', 'bootloaderUser'] as const

const without = (fields: object, names: readonly string[]): object =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))

/** The definition of the same guest in another mode. Throws zod's error where the two contradict each other. */
export function convertSpec(spec: GuestSpec, from: Mode, to: Mode): GuestSpec {
  const fields: object = without({ ...spec, mode: to.name }, to.shim ? [] : ['pvshim'])
  if (hardwareOf(to) !== 'pv') return GuestSpec.parse(withHardware(fields, spec))
  // What did nothing before does nothing now, and may be there for a way back.
  return GuestSpec.parse(hardwareOf(from) === 'pv' ? fields : withoutHardware(fields, spec))
}

function withoutHardware(fields: object, spec: GuestSpec): object {
  const keepsFirmware = isPvgrub(spec) ? ['firmware'] : []
  const nics = spec.nics.map((nic) => without(nic, ['model', ...(nic.type === 'ioemu' ? ['type'] : [])]))
  return {
    ...without(
      fields,
      EMULATED_FIELDS.filter((name) => !keepsFirmware.includes(name)),
    ),
    nics,
  }
}

function withHardware(fields: object, spec: GuestSpec): object {
  const [framebuffer] = spec.vfbs
  const { vnc = framebuffer?.vnc, sdl = framebuffer?.sdl, keymap = framebuffer?.keymap } = spec
  const display = Object.fromEntries(Object.entries({ vnc, sdl, keymap }).filter(([, value]) => value !== undefined))
  const gone = ['vfbs', ...BOOT_LOADER_FIELDS, ...(isPvgrub(spec) ? ['firmware'] : [])]
  // Without a kernel from outside nobody gives a command line: the guest's own boot loader does.
  const words = spec.kernel === undefined ? ['cmdline', 'ramdisk'] : []
  return { ...without(fields, [...gone, ...words]), ...display }
}

/** A device under the name that Linux gives it in the guest. */
export interface DeviceName {
  readonly kind: 'disk' | 'nic'
  /** How the definition calls it: `xvda`, `vif 0`. */
  readonly device: string
  readonly before: string
  readonly after: string
}

/** PV disks are xvdX under whatever letter their vdev has (Linux drivers/block/xen-blkfront.c, xen_translate_vdev). */
const pvDisk = (vdev: string): string => vdev.replace(/^(hd|sd|xvd)/, 'xvd')
/** Emulated disks come up through libata, as sdX. */
const emulatedDisk = (vdev: string): string => vdev.replace(/^(hd|sd|xvd)/, 'sd')

const diskName: Readonly<Record<Hardware, (vdev: string) => string>> = {
  pv: pvDisk,
  both: pvDisk,
  emulated: emulatedDisk,
}
/** systemd.net-naming-scheme(7): enX since v253 for xen-netfront; PCI slots for emulated cards. */
const nicName: Readonly<Record<Hardware, (index: number) => string>> = {
  pv: (index) => `enX${index} or eth${index}`,
  both: (index) => `enX${index} or eth${index}`,
  emulated: (index) => `ens${index + 4}, enp0s${index + 4} or eth${index}`,
}

/** What each disk and nic is called inside before and after. */
export function deviceNames(spec: GuestSpec, from: Mode, to: Mode): readonly DeviceName[] {
  const [before, after] = [hardwareOf(from), hardwareOf(to)]
  const disks = spec.disks
    .filter(({ cdrom }) => !cdrom)
    .map(({ vdev }) => ({
      kind: 'disk' as const,
      device: vdev,
      before: diskName[before](vdev),
      after: diskName[after](vdev),
    }))
  const nics = spec.nics.map((_, index) => ({
    kind: 'nic' as const,
    device: `vif ${index}`,
    before: nicName[before](index),
    after: nicName[after](index),
  }))
  return [...disks, ...nics]
}

/** The consoles that a guest in this mode has, best first, as its kernel names them. */
export function consolesOf(spec: GuestSpec, mode: Mode): readonly string[] {
  const serial = mode.deviceModel === 'always' && spec.serial.length > 0 ? ['ttyS0'] : []
  return hardwareOf(mode) === 'emulated' ? serial : ['hvc0', ...serial]
}
