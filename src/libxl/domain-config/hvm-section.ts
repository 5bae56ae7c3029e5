import type { GuestSpec } from '../../config/guest-spec.ts'
import { enlightenments } from '../../config/specs/viridian.ts'
import type { DomainPlan } from '../domain-config.ts'
import type { JsonObject, JsonValue } from '../requests.ts'
import { sdlConfig, spiceConfig, vncConfig } from './consoles.ts'
import { defbool, firstBits, kibibytes, unlessEmpty, withoutUndefined } from './json.ts'

type Fields = Readonly<Record<string, JsonValue | undefined>>

/** libxl_bios_type, by the names of xl.cfg(5), firmware. `bios` leaves the choice to libxl. */
const bioses: Readonly<Partial<Record<NonNullable<GuestSpec['firmware']>, string>>> = {
  seabios: 'seabios',
  rombios: 'rombios',
  ovmf: 'ovmf',
}

/** libxl_vga_interface_type, by the names of xl.cfg(5), vga. */
const vgaKinds: Readonly<Record<NonNullable<GuestSpec['vga']>, string>> = {
  stdvga: 'std',
  cirrus: 'cirrus',
  qxl: 'qxl',
  none: 'none',
}

/** The part of libxl_domain_build_info that only a guest with emulated hardware has. */
export function hvmSection({ spec, mode, generationId }: DomainPlan): JsonObject {
  return withoutUndefined({
    xen_platform_pci: defbool(mode.platformPci),
    ...firmware(spec),
    ...platform(spec),
    ms_vm_genid: spec.generationId === 'generate' ? generationId : undefined,
    ...enlightened(spec.viridian),
    ...graphics(spec),
    ...emulatedDevices(spec),
  })
}

const firmware = (spec: GuestSpec): Fields => ({
  bios: spec.firmware === undefined ? undefined : bioses[spec.firmware],
  firmware: spec.firmwarePath,
  system_firmware: spec.biosPath,
  boot: spec.bootOrder,
  acpi_firmware: spec.acpiFirmware,
  smbios_firmware: spec.smbiosFirmware,
  smbios: unlessEmpty(spec.smbios.map(({ key, value }) => ({ key, value }))),
})

const platform = (spec: GuestSpec): Fields => ({
  pae: defbool(spec.pae),
  nx: defbool(spec.nx),
  hpet: defbool(spec.hpet),
  vpt_align: defbool(spec.vptAlign),
  acpi_s3: defbool(spec.acpiS3),
  acpi_s4: defbool(spec.acpiS4),
  acpi_laptop_slate: defbool(spec.acpiLaptopSlate),
  mmio_hole_memkb: kibibytes(spec.mmioHoleMiB),
  rdm: spec.rdm && withoutUndefined({ strategy: spec.rdm.strategy, policy: spec.rdm.policy }),
  rdm_mem_boundary_memkb: kibibytes(spec.rdmMemBoundaryMiB),
})

/** As many bits as libxl's bitmaps of them have (LIBXL_BUILDINFO_HVM_VIRIDIAN_ENABLE_DISABLE_WIDTH of libxl.h). */
const VIRIDIAN_BITS = 64

function enlightened(viridian: GuestSpec['viridian']): Fields {
  if (viridian === undefined || typeof viridian === 'boolean') return { viridian: defbool(viridian) }
  const enabled = new Set<number>()
  const disabled = new Set<number>()
  for (const word of viridian) {
    const bit = enlightenments.findIndex((name) => name === word.replace('!', ''))
    const [into, outOf] = word.startsWith('!') ? [disabled, enabled] : [enabled, disabled]
    for (const each of word === 'all' ? firstBits(VIRIDIAN_BITS) : [bit]) into.add(each)
    outOf.delete(bit)
  }
  const bits = (set: ReadonlySet<number>) => unlessEmpty([...set].filter((bit) => bit >= 0).sort((a, b) => a - b))
  return {
    viridian: defbool(viridian.includes('defaults') || undefined),
    viridian_enable: bits(enabled),
    viridian_disable: bits(disabled),
  }
}

const graphics = (spec: GuestSpec): Fields => ({
  nographic: defbool(spec.nographic),
  vga: spec.vga === undefined ? undefined : { kind: vgaKinds[spec.vga] },
  vnc: vncConfig(spec.vnc),
  sdl: sdlConfig(spec.sdl),
  spice: spiceConfig(spec.spice),
  keymap: spec.keymap,
  gfx_passthru: spec.gfxPassthrough === undefined ? undefined : defbool(spec.gfxPassthrough !== false),
  gfx_passthru_kind: typeof spec.gfxPassthrough === 'string' ? spec.gfxPassthrough : undefined,
})

const emulatedDevices = (spec: GuestSpec): Fields => ({
  hdtype: spec.hdType,
  serial: spec.serial.length === 1 ? spec.serial[0] : undefined,
  serial_list: spec.serial.length > 1 ? spec.serial : undefined,
  usb: defbool(spec.usb),
  usbversion: spec.usbVersion,
  usbdevice: spec.usbPeripherals.length === 1 ? spec.usbPeripherals[0] : undefined,
  usbdevice_list: spec.usbPeripherals.length > 1 ? spec.usbPeripherals : undefined,
  vkb_device: defbool(spec.vkbDevice),
  soundhw: spec.soundHardware,
  vendor_device: spec.vendorDevice,
})
