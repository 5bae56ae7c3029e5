import { defineMode } from './mode.ts'
import { pvhEvidence } from './pvh.ts'
import { pv } from './pv.ts'

/** PV inside PVH: a PV kernel over Xen's shim, which is itself a PVH guest. Xen: docs/man/xl.cfg.5, "pvshim". */
export const pvInPvh = defineMode({
  ...pv,
  name: 'pv-in-pvh',
  title: 'PV in PVH',
  summary:
    'A PV guest inside a small Xen of its own, which is a PVH guest: for PV-only kernels on hosts that want no PV.',
  libxlType: 'pvh',
  needs: ['hvm', 'hap', 'shim'],
  shim: true,
  refuses: {
    ...pv.refuses,
    pci: { why: 'the shim passes no PCI devices through', fix: 'remove pci, or use mode="pvhvm"' },
  },
  pros: ['runs PV-only kernels where Xen has no PV support', 'no QEMU', "the guest's PV interface is not the host's"],
  cons: [
    'memory for a second Xen: some 22 MiB, taken from the guest',
    'no PCI passthrough',
    'needs the shim file of Xen on the host',
  ],
  observedIn: (facts) => {
    const evidence = facts.shim ? pvhEvidence(facts) : null
    return evidence === null ? null : [...evidence, "libxl's record of it says that Xen's PV shim runs in it"]
  },
})
