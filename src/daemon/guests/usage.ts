import type { Guest } from '../../api/guest.ts'
import type { GuestUsage, Usage } from '../../api/usage.ts'
import type { DeviceCounters } from '../host.ts'
import type { Domid } from '../../words/ids.ts'
import type { Context } from './context.ts'

const NO_DEVICES: DeviceCounters = { disks: [], nics: [] }

/** What all guests with a domain have used until now. `guests` was read in the same moment. */
export async function measureUsage({ host }: Pick<Context, 'host'>, guests: readonly Guest[]): Promise<Usage> {
  const clockMs = performance.now()
  const [{ cpus, memoryMiB, freeMemoryMiB }, counters] = await Promise.all([host.facts(), host.deviceCounters()])
  const measure = async (guest: Guest): Promise<readonly GuestUsage[]> => {
    const { name, uuid, domid, state, managed, vcpus, memoryMiB: memory, cpuTimeSeconds, deviceModel } = guest
    if (domid === null) return []
    const { disks, nics } = counters.get(domid as Domid) ?? NO_DEVICES
    const cost = deviceModel === null ? null : await host.deviceModelUsage(deviceModel.pid)
    const { configured, chosen, observed } = guest.mode
    return [
      {
        ...{ name, uuid, domid, state, managed, vcpus },
        mode: { configured, chosen, observed },
        memoryMiB: memory,
        cpuSeconds: cpuTimeSeconds,
        disks: [...disks],
        nics: [...nics],
        deviceModel: deviceModel && cost && { pid: deviceModel.pid, ...cost },
      },
    ]
  }
  const measured = await Promise.all(guests.map(measure))
  return { clockMs, host: { cpus, memoryMiB, freeMemoryMiB }, guests: measured.flat() }
}
