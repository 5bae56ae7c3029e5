import type { LibxlType } from '../../modes/mode.ts'
import type { SimulatedPlan } from './plan.ts'

/** /sys/hypervisor/guest_type in a guest of each libxl type (Linux: Documentation/ABI/testing/sysfs-hypervisor-xen). */
const guestTypes: Readonly<Record<LibxlType, string>> = { pv: 'PV', pvh: 'PVH', hvm: 'HVM' }

const namesOf = (plan: SimulatedPlan, kind: 'disk' | 'nic'): string =>
  plan.devices
    .filter((device) => device.kind === kind)
    .map((device) => device.name)
    .join(',') || 'none'

/** What a simulated guest says on its console while it boots; the last line is its marker. */
export const bootLog = (plan: SimulatedPlan): readonly string[] => [
  `[    0.000000] Linux version 6.1.0-simulated (no one can log in here)`,
  `[    0.000000] Hypervisor detected: Xen ${guestTypes[plan.libxlType]}`,
  `[    0.004000] Memory: ${plan.memoryMiB}M, ${plan.vcpus} CPUs`,
  `[    0.100000] Run /init as init process`,
  `TETRARCH-GUEST guest_type=${guestTypes[plan.libxlType]} disks=${namesOf(plan, 'disk')} nics=${namesOf(plan, 'nic')}`,
  'Type poweroff, reboot or crash.',
]
