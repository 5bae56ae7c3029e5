/**
 * What the hypervisor itself says about domains and the host, through libxenctrl, in the daemon's own process:
 * libxenctrl never forks, unlike libxenlight. It only reads; nothing here changes a domain.
 */
import { fail } from '../words/errors.ts'
import type { Domid, Uuid } from '../words/ids.ts'

/** Why a domain shut down (xen/include/public/sched.h, SHUTDOWN_*). */
export type ShutdownReason = 'poweroff' | 'reboot' | 'suspend' | 'crash' | 'watchdog' | 'soft-reset' | 'unknown'

/** One domain as the hypervisor sees it (xen/include/public/domctl.h, xen_domctl_getdomaininfo). */
export interface DomainInfo {
  readonly domid: Domid
  readonly uuid: Uuid
  /** Being torn down: the domid stays listed until its last page is freed. */
  readonly dying: boolean
  /** Hardware virtualized: PVH or HVM; `emulationFlags` tells them apart. */
  readonly hvm: boolean
  /** Hardware assisted paging. */
  readonly hap: boolean
  /** Null while it has not shut down. */
  readonly shutdown: ShutdownReason | null
  readonly paused: boolean
  readonly blocked: boolean
  readonly running: boolean
  readonly memoryKiB: number
  readonly maxMemoryKiB: number
  readonly cpuTimeNs: bigint
  readonly onlineVcpus: number
  readonly maxVcpus: number
  readonly cpupool: number
  /** XEN_X86_EMU_* (xen/include/public/arch-x86/xen.h): 1 (a local APIC alone) is PVH. */
  readonly emulationFlags: number
}

/** The machine as the hypervisor sees it (xen/include/public/sysctl.h, xen_sysctl_physinfo). */
export interface PhysicalInfo {
  readonly totalKiB: number
  readonly freeKiB: number
  readonly cpus: number
  readonly nodes: number
  readonly threadsPerCore: number
  readonly coresPerSocket: number
  readonly cpuKhz: number
  /** What the hardware and Xen can do; `directio` is an IOMMU for device passthrough. */
  readonly caps: {
    readonly pv: boolean
    readonly hvm: boolean
    readonly hap: boolean
    readonly shadow: boolean
    readonly directio: boolean
  }
}

export interface Xenctrl extends Disposable {
  /** All domains, dom0 included, in order of domid. */
  domains(): DomainInfo[]
  /** One domain, or null when there is none of this number. */
  domain(domid: Domid): DomainInfo | null
  physinfo(): PhysicalInfo
  /** An HVM_PARAM_* (xen/include/public/hvm/params.h), or null when the domain has none. */
  hvmParam(domid: Domid, index: number): bigint | null
}

/** Opens libxenctrl of the running hypervisor. Throws `xen-unavailable`. */
export function openXenctrl(): Xenctrl {
  throw fail('xen-unavailable', { what: 'libxenctrl is not loaded yet' })
}
