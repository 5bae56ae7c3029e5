import { emulatedHardware, hvm } from './hvm.ts'
import { defineMode } from './mode.ts'

/** PVHVM: an HVM guest whose system finds Xen and uses PV disks, network, timers and interrupts. */
export const pvhvm = defineMode({
  ...hvm,
  name: 'pvhvm',
  title: 'PVHVM',
  summary: 'A whole PC whose system finds Xen and uses PV drivers for disks, network, timers and interrupts.',
  platformPci: true,
  drawbacks: {
    // QEMU hw/i386/xen/xen_platform.c, unplug_disks: IDE, SCSI and NVMe alone.
    ahci: {
      why: 'QEMU takes no AHCI disk away from PV drivers, so a system with an AHCI driver sees each disk twice, as sdX and as xvdX',
      fix: 'let it mount the xvdX names, or remove hdtype',
    },
  },
  pros: [
    'runs any system; PV drivers come with Linux and can be installed on Windows',
    'near native disk and network once the PV drivers are connected',
    'memory managed by the hardware',
    'PCI passthrough, VGA, UEFI',
  ],
  cons: ['one QEMU process per guest', 'slow boot: the emulated BIOS comes first'],
  observedIn: (facts) => {
    const evidence = emulatedHardware(facts)
    if (evidence === null || facts.connectedPvDevices.length === 0) return null
    return [
      ...evidence,
      `PV drivers are connected: ${facts.connectedPvDevices.join(', ')}`,
      ...(facts.callbackVector ? ['its kernel takes Xen events'] : []),
    ]
  },
})
