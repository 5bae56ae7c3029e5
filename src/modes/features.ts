import type { GuestSpec } from '../config/guest-spec.ts'
import type { Capability } from '../words/capabilities.ts'
import type { Feature } from './mode.ts'

/** A feature that a specification asks for, and where a user sees it. */
export interface FoundFeature {
  readonly feature: Feature
  /** Such as `pci=["0000:03:00.0"]`. */
  readonly seenIn: string
}

const BIOSES = ['bios', 'seabios', 'rombios', 'ovmf'] as const
const PVGRUBS = ['pvgrub32', 'pvgrub64'] as const

const isOneOf = <T extends string>(list: readonly T[], value: string | undefined): value is T =>
  (list as readonly string[]).includes(value ?? '')

const detectors: Readonly<Record<Feature, (spec: GuestSpec) => string | null>> = {
  pci: ({ pci }) => (pci.length > 0 ? `pci=["${pci.map(({ bdf, name }) => bdf ?? name ?? '').join('", "')}"]` : null),
  'emulated-nic': ({ nics }) => (nics.some((nic) => nic.type === 'ioemu') ? 'vif=["type=ioemu"]' : null),
  firmware: ({ firmware }) => (isOneOf(BIOSES, firmware) ? `firmware="${firmware}"` : null),
  pvgrub: ({ firmware }) => (isOneOf(PVGRUBS, firmware) ? `firmware="${firmware}"` : null),
  'no-kernel': (spec) => (canHaveKernel(spec) ? null : 'no kernel, no bootable disk'),
  vga: ({ vga }) => (vga !== undefined && vga !== 'none' ? `vga="${vga}"` : null),
  graphics: ({ vnc, sdl }) => (vnc?.enabled === true ? 'vnc=1' : sdl?.enabled === true ? 'sdl=1' : null),
  spice: ({ spice }) => (spice?.enabled === true ? 'spice=1' : null),
  'cd-boot': ({ bootOrder }) => (bootOrder?.startsWith('d') === true ? `boot="${bootOrder}"` : null),
  'emulated-usb': ({ usb, usbPeripherals }) => (usb === true || usbPeripherals.length > 0 ? 'usb=1' : null),
  'emulated-serial': ({ serial }) => (serial.length > 0 ? `serial="${serial[0] ?? ''}"` : null),
  sound: ({ soundHardware }) => (soundHardware === undefined ? null : `soundhw="${soundHardware}"`),
  ahci: ({ hdType }) => (hdType === 'ahci' ? 'hdtype="ahci"' : null),
  windows: ({ viridian }) => (viridian === undefined || viridian === false ? null : 'viridian=1'),
}

/** What a host must have for a feature, in whatever mode (libxl_create.c: need_pt without an IOMMU fails). */
export const hostNeeds: Readonly<Partial<Record<Feature, Capability>>> = { pci: 'iommu' }

export const isPvgrub = ({ firmware }: GuestSpec): boolean => isOneOf(PVGRUBS, firmware)

function canHaveKernel({ kernel, firmware, disks }: GuestSpec): boolean {
  return kernel !== undefined || isOneOf(PVGRUBS, firmware) || disks.some((disk) => disk.target !== null && !disk.cdrom)
}

/** Everything in a specification that not every mode can give. */
export function featuresOf(spec: GuestSpec): readonly FoundFeature[] {
  return Object.entries(detectors).flatMap(([feature, detect]) => {
    const seenIn = detect(spec)
    return seenIn === null ? [] : [{ feature: feature as Feature, seenIn }]
  })
}
