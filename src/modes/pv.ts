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
    'emulated-nic': {
      why: 'a PV guest has no emulated hardware',
      fix: 'remove type=ioemu from the nic, or use mode="pvhvm"',
    },
    firmware: { why: 'a PV guest runs no BIOS or UEFI', fix: 'remove firmware, or use mode="pvhvm"' },
    'no-kernel': {
      why: 'a PV guest needs a kernel',
      fix: 'give a disk that has one, or kernel=, or use mode="pvhvm"',
    },
  },
  drawbacks: {},
  withoutEffect: {
    vga: { why: 'a PV guest has no VGA card', fix: 'use vfb, or mode="pvhvm"' },
    spice: { why: 'a PV guest has no SPICE display', fix: 'use vfb, or mode="pvhvm"' },
    'cd-boot': { why: 'a PV guest boots no CD through a BIOS', fix: 'use kernel=, or mode="pvhvm"' },
    'emulated-usb': { why: 'a PV guest has no emulated USB', fix: 'use usbctrl, or mode="pvhvm"' },
    'emulated-serial': { why: 'a PV guest has no serial port', fix: 'use console=hvc0 in it, or mode="pvhvm"' },
    sound: { why: 'a PV guest has no sound card', fix: 'remove soundhw, or use mode="pvhvm"' },
    windows: { why: 'a PV guest sees no Hyper-V interface', fix: 'remove viridian, or use mode="pvhvm"' },
  },
  diskNeeds: null,
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
