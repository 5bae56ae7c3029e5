import type { Vcpu } from '../../api/guest.ts'
import type { DomainInfo, VcpuInfo, Xenctrl } from '../../libxl/xenctrl.ts'
import type { Domid } from '../../words/ids.ts'
import type { Domain, Host } from '../host.ts'
import { readDeviceCounters } from './device-counters.ts'

/** One hypercall each, and for what devices count the files of /sys. */
export const domainLists = (xenctrl: Xenctrl): Pick<Host, 'domains' | 'domain' | 'vcpus' | 'deviceCounters'> => ({
  domains: () =>
    xenctrl
      .domains()
      .filter(({ domid }) => domid !== 0)
      .map(toDomain),
  vcpus: (domid) => toVcpus(xenctrl, domid),
  deviceCounters: () => readDeviceCounters(),
  domain(domid) {
    const info = xenctrl.domain(domid)
    return info && toDomain(info)
  },
})

/** A domain as the hypervisor lists it, in the daemon's words. */
function toDomain(info: DomainInfo): Domain {
  return {
    domid: info.domid,
    uuid: info.uuid,
    state: domainState(info),
    // A reason that Xen does not name is a guest's own number: something went wrong in it.
    shutdown: info.shutdown === 'unknown' ? 'crash' : info.shutdown,
    memoryMiB: Math.round(info.memoryKiB / 1024),
    vcpus: info.onlineVcpus,
    cpuTimeSeconds: Number(info.cpuTimeNs / 1_000_000n) / 1000,
    hvm: info.hvm,
    emulationFlags: info.emulationFlags,
  }
}

function domainState({ dying, shutdown, paused }: DomainInfo): Domain['state'] {
  if (dying) return 'dying'
  if (shutdown !== null) return 'shutdown'
  return paused ? 'paused' : 'running'
}

/** The vCPUs of a domain, in the daemon's words. */
function toVcpus(xenctrl: Xenctrl, domid: Domid): readonly Vcpu[] {
  const { cpus } = xenctrl.physinfo()
  const paused = xenctrl.domain(domid)?.paused ?? false
  const unlessAll = (processors: readonly number[]) => (processors.length === cpus ? null : [...processors])
  return xenctrl.vcpus(domid).map((info) => ({
    vcpu: info.vcpu,
    state: vcpuState(info, paused),
    cpu: info.online ? info.cpu : null,
    cpuTimeSeconds: Number(info.cpuTimeNs / 1_000_000n) / 1000,
    hardAffinity: unlessAll(info.hardAffinity),
    softAffinity: unlessAll(info.softAffinity),
  }))
}

function vcpuState({ online, running, blocked }: VcpuInfo, paused: boolean): Vcpu['state'] {
  if (!online) return 'offline'
  if (paused) return 'paused'
  if (running) return 'running'
  return blocked ? 'idle' : 'runnable'
}
