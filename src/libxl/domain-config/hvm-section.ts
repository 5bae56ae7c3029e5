import type { GuestSpec } from '../../config/guest-spec.ts'
import type { DomainPlan } from '../domain-config.ts'
import type { JsonObject } from '../requests.ts'
import { defbool, kibibytes, unlessEmpty, withoutUndefined } from './json.ts'

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
export function hvmSection({ spec, mode }: DomainPlan): JsonObject {
  return withoutUndefined({
    bios: spec.firmware === undefined ? undefined : bioses[spec.firmware],
    firmware: spec.firmwarePath,
    system_firmware: spec.biosPath,
    xen_platform_pci: defbool(mode.platformPci),
    boot: spec.bootOrder,
    pae: defbool(spec.pae),
    nx: defbool(spec.nx),
    hpet: defbool(spec.hpet),
    acpi_s3: defbool(spec.acpiS3),
    acpi_s4: defbool(spec.acpiS4),
    viridian: typeof spec.viridian === 'boolean' ? defbool(spec.viridian) : undefined,
    mmio_hole_memkb: kibibytes(spec.mmioHoleMiB),
    hdtype: spec.hdType,
    nographic: defbool(spec.nographic),
    vga: spec.vga === undefined ? undefined : { kind: vgaKinds[spec.vga] },
    vnc: vncConfig(spec.vnc),
    keymap: spec.keymap,
    serial: spec.serial.length === 1 ? spec.serial[0] : undefined,
    serial_list: spec.serial.length > 1 ? spec.serial : undefined,
    usb: defbool(spec.usb),
    usbversion: spec.usbVersion,
    usbdevice_list: unlessEmpty(spec.usbPeripherals),
    soundhw: spec.soundHardware,
  })
}

/** libxl_vnc_info. */
export function vncConfig(vnc: GuestSpec['vnc']): JsonObject | undefined {
  if (vnc === undefined) return undefined
  return withoutUndefined({
    enable: defbool(vnc.enabled),
    listen: vnc.listen,
    passwd: vnc.password,
    display: vnc.display,
    findunused: defbool(vnc.findUnused),
  })
}
