import type { DomainFacts } from './facts.ts'
import { defineMode } from './mode.ts'

/** XEN_X86_EMU_LAPIC (xen/include/public/arch-x86/xen.h): the one emulated device of a PVH guest. */
const LOCAL_APIC_ONLY = 1

/** How a PVH domain shows itself; `pv-in-pvh` looks the same from outside but for its shim. */
export const pvhEvidence = (facts: DomainFacts): readonly string[] | null =>
  facts.hvm && (facts.libxlType ?? 'pvh') === 'pvh' && facts.emulationFlags === LOCAL_APIC_ONLY
    ? ['Xen runs it in hardware virtualization and emulates nothing but its local APIC']
    : null

/** PVH: hardware virtualization without a device model. Xen: docs/misc/pvh.pandoc. */
export const pvh = defineMode({
  name: 'pvh',
  title: 'PVH',
  summary: 'Hardware virtualization for CPU and memory, PV drivers for everything else, no emulated hardware.',
  libxlType: 'pvh',
  needs: ['hvm', 'hap'],
  deviceModel: 'only-for-devices',
  boot: ['kernel', 'boot-loader', 'pvgrub'],
  platformPci: false,
  shim: false,
  refuses: {
    pci: 'Xen does not pass PCI devices through to PVH guests; use pvhvm',
    'emulated-nic': 'a PVH guest has no emulated hardware; remove type=ioemu from the nic, or use pvhvm',
    firmware: 'a PVH guest runs no BIOS or UEFI; remove firmware, or use pvhvm',
    'no-kernel': 'a PVH guest needs a kernel: give a disk that has one, or kernel=, or use pvhvm',
  },
  withoutEffect: {
    vga: 'a PVH guest has no VGA card; use vfb, or pvhvm',
    'cd-boot': 'a PVH guest boots no CD through a BIOS; use kernel=, or pvhvm',
    'emulated-usb': 'a PVH guest has no emulated USB; use usbctrl, or pvhvm',
  },
  kernel: { wants: 'pvh', because: 'a PVH guest enters its kernel in 32-bit protected mode' },
  pros: ['no QEMU: smaller attack surface, fewer processes in dom0', 'fast boot', 'memory managed by the hardware'],
  cons: ['the kernel must support it (Linux 4.11 or later)', 'no PCI passthrough'],
  observedIn: (facts) => (facts.shim ? null : pvhEvidence(facts)),
})
