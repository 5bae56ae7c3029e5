import type { LibxlType } from '../../modes/domain-type.ts'
import type { SimulatedPlan } from './plan.ts'

/** /sys/hypervisor/guest_type in a guest of each libxl type (Linux: Documentation/ABI/testing/sysfs-hypervisor-xen). */
const guestTypes: Readonly<Record<LibxlType, string>> = { pv: 'PV', pvh: 'PVH', hvm: 'HVM' }

const namesOf = (plan: SimulatedPlan, kind: 'disk' | 'nic'): string =>
  plan.devices
    .filter((device) => device.kind === kind)
    .map((device, index) => (kind === 'nic' ? `eth${index}` : device.name))
    .join(',') || 'none'

/** What a simulated guest says on its console while it boots, the marker line of the lab's guests among it. */
export const bootLog = (plan: SimulatedPlan): readonly string[] => [
  '[    0.000000] Linux version 6.1.0-simulated',
  `[    0.000000] Hypervisor detected: Xen ${guestTypes[plan.libxlType]}`,
  `[    0.004000] Memory: ${plan.memoryMiB}M, ${plan.vcpus} CPUs`,
  '[    0.100000] Run /init as init process',
  `TETRARCH-GUEST type=${guestTypes[plan.libxlType]} disks=${namesOf(plan, 'disk')} nics=${namesOf(plan, 'nic')} cpus=${plan.vcpus} memory=${plan.memoryMiB}MiB`,
  'Type poweroff, reboot or crash.',
]
