import type { DomainInfo } from '../../libxl/xenctrl.ts'
import type { Domain } from '../host.ts'

/** A domain as the hypervisor lists it, in the daemon's words. */
export function toDomain(info: DomainInfo): Domain {
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
