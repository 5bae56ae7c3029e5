import { defineMode } from './mode.ts'

/** PV: the guest's kernel runs in the unprivileged ring and asks Xen for everything. Xen: docs/man/xl.cfg.5, "PV guest". */
export const pv = defineMode({
  name: 'pv',
  title: 'PV',
  summary: 'The kernel knows that it runs on Xen and calls it instead of touching hardware.',
  libxlType: 'pv',
  needs: ['pv'],
  deviceModel: 'only-for-devices',
  boot: ['kernel', 'boot-loader', 'pvgrub'],
  platformPci: false,
  shim: false,
  refuses: {
    'emulated-nic': 'a PV guest has no emulated hardware; remove type=ioemu from the nic, or use pvhvm',
    firmware: 'a PV guest runs no BIOS or UEFI; remove firmware, or use pvhvm',
    'no-kernel': 'a PV guest needs a kernel: give a disk that has one, or kernel=, or use pvhvm',
  },
  withoutEffect: {
    vga: 'a PV guest has no VGA card; use vfb, or pvhvm',
    'cd-boot': 'a PV guest boots no CD through a BIOS; use kernel=, or pvhvm',
    'emulated-usb': 'a PV guest has no emulated USB; use usbctrl, or pvhvm',
  },
  kernel: { wants: 'pv', because: 'a PV kernel is entered in 64-bit mode with page tables that Xen made' },
  pros: [
    'fast boot',
    'no QEMU: smaller attack surface, fewer processes in dom0',
    'fast context switches',
    'runs on machines without hardware virtualization',
  ],
  cons: [
    'expensive memory management: Xen audits every page table update',
    "the kernel must be loaded from the guest's disk by a boot loader in dom0",
    'Xen can be built without it',
  ],
  observedIn: (facts) => (facts.hvm || facts.shim ? null : ['Xen runs it without hardware virtualization']),
})
