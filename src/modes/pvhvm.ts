import { emulatedHardware, hvm } from './hvm.ts'
import { defineMode } from './mode.ts'

/** PVHVM: an HVM guest whose system finds Xen and uses PV disks, network, timers and interrupts. */
export const pvhvm = defineMode({
  ...hvm,
  name: 'pvhvm',
  title: 'PVHVM',
  summary: 'A whole PC whose system finds Xen and uses PV drivers for disks, network, timers and interrupts.',
  platformPci: true,
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
