import type { DomainFacts } from './facts.ts'
import { defineMode } from './mode.ts'

/** How a domain with emulated hardware shows itself, PV drivers or not. */
export const emulatedHardware = (facts: DomainFacts): readonly string[] | null =>
  facts.hvm && (facts.libxlType ?? 'hvm') === 'hvm' && facts.emulationFlags !== 1
    ? ['Xen runs it in hardware virtualization with emulated devices']
    : null

/** HVM: a whole emulated PC; the guest need not know that it runs on Xen. Xen: docs/man/xl.cfg.5, "HVM guest". */
export const hvm = defineMode({
  name: 'hvm',
  title: 'HVM',
  summary: 'A whole PC, with hardware virtualization for the CPU and QEMU for the devices.',
  libxlType: 'hvm',
  needs: ['hvm', 'hap'],
  deviceModel: 'always',
  boot: ['firmware', 'kernel'],
  platformPci: false,
  shim: false,
  refuses: {
    pvgrub: { why: 'pvgrub is a boot loader for PV and PVH guests', fix: 'remove firmware, or use mode="pvh"' },
  },
  drawbacks: {},
  withoutEffect: {},
  diskNeeds: {
    why: 'its firmware boots the disk by itself, so the disk needs a boot loader of its own',
    fix: 'install one in the guest (Debian: grub-pc, or grub-efi with firmware="ovmf")',
  },
  kernel: null,
  pros: ['runs any system unchanged', 'memory managed by the hardware', 'boots by itself through BIOS or UEFI'],
  cons: [
    'one QEMU process per guest',
    'slow boot: the emulated BIOS comes first',
    'emulated disks and network cards are slow',
  ],
  observedIn: (facts) => {
    const evidence = emulatedHardware(facts)
    if (evidence === null || facts.connectedPvDevices.length > 0) return null
    return [...evidence, 'no PV disk or network driver is connected']
  },
})
