/**
 * Whether a PCI device of the host can be given to a guest. libxl takes those that pciback has (Xen
 * tools/libs/light/libxl_pci.c); of others it says only that it failed, when the domain is half built.
 */
import { existsSync, readlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { PciSpec } from '../../config/device-spec.ts'
import { fail } from '../../words/errors.ts'

/** Throws `host-lacks`. `bus` is another folder than that of Linux in tests. */
export function mustBeAssignable({ bdf, seize }: PciSpec, guest: string, bus = '/sys/bus/pci'): void {
  // A name is known to xenstore, and "all functions" to libxl.
  if (bdf === undefined || bdf.endsWith('*')) return
  const refuse = (why: string, fix: string) =>
    fail('host-lacks', { what: `"${guest}" wants the PCI device ${bdf}`, why, fix })
  const device = join(bus, 'devices', bdf)
  if (!existsSync(device)) throw refuse('this host has no such device', 'correct pci=; those that are there: lspci -D')
  const pciback = join(bus, 'drivers/pciback')
  if (!existsSync(pciback)) {
    throw refuse('the driver that hands devices to guests is not loaded in dom0', 'modprobe xen-pciback')
  }
  if (seize === true || existsSync(join(pciback, bdf))) return
  const driver = join(device, 'driver')
  const why = existsSync(driver)
    ? `dom0 uses it, by its driver ${basename(readlinkSync(driver))}`
    : 'dom0 has not let it go'
  throw refuse(why, `xl pci-assignable-add ${bdf}, or add ",seize=1" to it in pci=`)
}
