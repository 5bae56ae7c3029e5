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
    pci: { why: 'Xen does not pass PCI devices through to PVH guests', fix: 'remove pci, or use mode="pvhvm"' },
    'emulated-nic': {
      why: 'a PVH guest has no emulated hardware',
      fix: 'remove type=ioemu from the nic, or use mode="pvhvm"',
    },
    firmware: { why: 'a PVH guest runs no BIOS or UEFI', fix: 'remove firmware, or use mode="pvhvm"' },
    'no-kernel': {
      why: 'a PVH guest needs a kernel',
      fix: 'give a disk that has one, or kernel=, or use mode="pvhvm"',
    },
  },
  drawbacks: {},
  withoutEffect: {
    vga: { why: 'a PVH guest has no VGA card', fix: 'use vfb, or mode="pvhvm"' },
    graphics: { why: 'a PVH guest has no graphics card to show', fix: 'use vfb, or mode="pvhvm"' },
    spice: { why: 'a PVH guest has no SPICE display', fix: 'use vfb, or mode="pvhvm"' },
    'cd-boot': { why: 'a PVH guest boots no CD through a BIOS', fix: 'use kernel=, or mode="pvhvm"' },
    'emulated-usb': { why: 'a PVH guest has no emulated USB', fix: 'use usbctrl, or mode="pvhvm"' },
    'emulated-serial': { why: 'a PVH guest has no serial port', fix: 'use console=hvc0 in it, or mode="pvhvm"' },
    sound: { why: 'a PVH guest has no sound card', fix: 'remove soundhw, or use mode="pvhvm"' },
    windows: { why: 'Windows does not boot as PVH', fix: 'remove viridian, or use mode="pvhvm"' },
  },
  diskNeeds: null,
  kernel: { wants: 'pvh', because: 'a PVH guest enters its kernel in 32-bit protected mode' },
  pros: ['no QEMU: smaller attack surface, fewer processes in dom0', 'fast boot', 'memory managed by the hardware'],
  cons: ['the kernel must support it (Linux 4.11 or later)', 'no PCI passthrough'],
  observedIn: (facts) => (facts.shim ? null : pvhEvidence(facts)),
})
