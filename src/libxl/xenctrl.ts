/**
 * What the hypervisor itself says about domains and the host, through libxenctrl, in the daemon's own process:
 * libxenctrl never forks, unlike libxenlight. It only reads; nothing here changes a domain.
 */
import { fail } from '../words/errors.ts'
import type { TetrarchError } from '../words/errors.ts'
import type { Domid, Uuid } from '../words/ids.ts'
import { errno } from './ffi.ts'
import type { Pointer } from './ffi.ts'
import { NativeMemory, writtenBytes } from './memory.ts'
import { loadXenctrl } from './xen-libraries.ts'
import { runningXenVersion } from './xen-version.ts'
import type { XenVersion } from './xen-version.ts'
import {
  CPUTOPO_BYTES,
  DOMAININFO_BYTES,
  PHYSINFO_BYTES,
  VCPUINFO_BYTES,
  bitsAt,
  domainInfoAt,
  domidAt,
  numaNodesAt,
  physicalInfoAt,
  vcpuInfoAt,
} from './xenctrl-layout.ts'

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

/** One vCPU of a domain (xen/include/public/domctl.h, xen_domctl_getvcpuinfo and xen_domctl_vcpuaffinity). */
export interface VcpuInfo {
  readonly vcpu: number
  readonly online: boolean
  readonly blocked: boolean
  readonly running: boolean
  readonly cpuTimeNs: bigint
  /** The processor that it runs on, or ran on last. */
  readonly cpu: number
  /** Processors that it may run on, and those that it should. */
  readonly hardAffinity: readonly number[]
  readonly softAffinity: readonly number[]
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
  /** The processors of each NUMA node, by the node's number. */
  numaNodes(): readonly (readonly number[])[]
  /** The vCPUs of a domain that exist now, by their numbers; none for a domain that is gone. */
  vcpus(domid: Domid): readonly VcpuInfo[]
  /** An HVM_PARAM_* (xen/include/public/hvm/params.h), or null when the domain has none. */
  hvmParam(domid: Domid, index: number): bigint | null
}

export interface XenctrlOptions {
  /** Default: the version of the running hypervisor. */
  readonly version?: XenVersion
}

/** Opens libxenctrl of the running hypervisor and checks that its structs are those we know. Throws `xen-unavailable`. */
export function openXenctrl(options: XenctrlOptions = {}): Xenctrl {
  const native = bindXenctrl(options.version ?? runningXenVersion())
  const handle = native.open(null, null, 0)
  if (handle === null) throw unavailable('cannot reach the hypervisor', `xc_interface_open: errno ${errno()}`)
  const xenctrl = new OpenXenctrl(native, handle)
  try {
    xenctrl.checkLayout()
  } catch (error) {
    xenctrl[Symbol.dispose]()
    throw error
  }
  return xenctrl
}

const unavailable = (what: string, why: string): TetrarchError =>
  fail('xen-unavailable', { what, why, fix: 'see that dom0 runs under Xen and that tetrarchd runs as root' })

type NativeXenctrl = ReturnType<typeof bindXenctrl>

function bindXenctrl(version: XenVersion) {
  const library = loadXenctrl(version)
  return {
    open: library.bind<[logger: null, builder: null, flags: number], Pointer | null>(
      'void *xc_interface_open(void *, void *, unsigned int)',
    ),
    close: library.bind<[handle: Pointer], number>('int xc_interface_close(void *)'),
    getinfolist: library.bind<[handle: Pointer, first: number, max: number, into: Pointer], number>(
      'int xc_domain_getinfolist(void *, uint32_t, unsigned int, void *)',
    ),
    physinfo: library.bind<[handle: Pointer, into: Pointer], number>('int xc_physinfo(void *, void *)'),
    cputopoinfo: library.bind<[handle: Pointer, count: Pointer, into: Pointer], number>(
      'int xc_cputopoinfo(void *, void *, void *)',
    ),
    vcpuInfo: library.bind<[handle: Pointer, domid: number, vcpu: number, into: Pointer], number>(
      'int xc_vcpu_getinfo(void *, uint32_t, uint32_t, void *)',
    ),
    vcpuAffinity: library.bind<
      [handle: Pointer, domid: number, vcpu: number, hard: Pointer, soft: Pointer, flags: number],
      number
    >('int xc_vcpu_getaffinity(void *, uint32_t, int, void *, void *, uint32_t)'),
    hvmParamGet: library.bind<[handle: Pointer, domid: number, index: number, into: Pointer], number>(
      'int xc_hvm_param_get(void *, uint32_t, uint32_t, void *)',
    ),
  }
}

// libxenctrl copies through a bounce buffer and caches those of one page, so a small batch is the fast one.
const FIRST_BATCH = Math.floor(4096 / DOMAININFO_BYTES)
const LARGEST_BATCH = 1024
/** As many processors as Xen can be built for (xen/arch/Kconfig, NR_CPUS: 4095). */
const MOST_CPUS = 4096
/** XEN_VCPUAFFINITY_HARD and _SOFT (xen/include/public/domctl.h). */
const BOTH_AFFINITIES = 3

class OpenXenctrl implements Xenctrl {
  readonly #native: NativeXenctrl
  readonly #memory = new NativeMemory(LARGEST_BATCH * DOMAININFO_BYTES)
  readonly #view = this.#memory.view
  #handle: Pointer | null

  constructor(native: NativeXenctrl, handle: Pointer) {
    this.#native = native
    this.#handle = handle
  }

  domains(): DomainInfo[] {
    const found: DomainInfo[] = []
    let first = 0
    for (let batch = FIRST_BATCH; ; batch = LARGEST_BATCH) {
      const count = this.#list(first, batch)
      for (let index = 0; index < count; index += 1) found.push(domainInfoAt(this.#view, index * DOMAININFO_BYTES))
      if (count < batch) return found
      first = domidAt(this.#view, (count - 1) * DOMAININFO_BYTES) + 1
    }
  }

  domain(domid: Domid): DomainInfo | null {
    return this.#list(domid, 1) === 1 && domidAt(this.#view, 0) === domid ? domainInfoAt(this.#view, 0) : null
  }

  physinfo(): PhysicalInfo {
    this.#check('xc_physinfo', this.#native.physinfo(this.#open, this.#memory.at))
    return physicalInfoAt(this.#view, 0)
  }

  numaNodes(): readonly (readonly number[])[] {
    const count = this.#memory.at
    this.#view.setUint32(0, MOST_CPUS, true)
    this.#check('xc_cputopoinfo', this.#native.cputopoinfo(this.#open, count, count + BigInt(CPUTOPO_BYTES)))
    return numaNodesAt(this.#view, CPUTOPO_BYTES, this.#view.getUint32(0, true))
  }

  vcpus(domid: Domid): readonly VcpuInfo[] {
    const { cpus } = this.physinfo()
    const most = this.domain(domid)?.maxVcpus ?? 0
    return Array.from({ length: most }, (_, vcpu) => this.#vcpu(domid, vcpu, cpus)).filter((each) => each !== null)
  }

  /** Null when it, or its whole domain, is not there. */
  #vcpu(domid: Domid, vcpu: number, cpus: number): VcpuInfo | null {
    const at = this.#memory.at
    if (this.#native.vcpuInfo(this.#open, domid, vcpu, at) < 0) return null
    const info = vcpuInfoAt(this.#view, 0)
    const [hard, soft] = [VCPUINFO_BYTES, VCPUINFO_BYTES + MOST_CPUS / 8]
    const map = (offset: number) => at + BigInt(offset)
    if (this.#native.vcpuAffinity(this.#open, domid, vcpu, map(hard), map(soft), BOTH_AFFINITIES) < 0) return null
    return { ...info, vcpu, hardAffinity: bitsAt(this.#view, hard, cpus), softAffinity: bitsAt(this.#view, soft, cpus) }
  }

  hvmParam(domid: Domid, index: number): bigint | null {
    const rc = this.#native.hvmParamGet(this.#open, domid, index, this.#memory.at)
    return rc === 0 ? this.#view.getBigUint64(0, true) : null
  }

  /** Sees how many bytes the library writes for one struct, and compares with the layout in xenctrl-layout.ts. */
  checkLayout(): void {
    const sizes = {
      xc_domaininfo_t: writtenBytes(this.#view, () => this.#list(0, 1)),
      xc_physinfo_t: writtenBytes(this.#view, () => this.physinfo()),
    }
    const expected = { xc_domaininfo_t: DOMAININFO_BYTES, xc_physinfo_t: PHYSINFO_BYTES }
    if (sizes.xc_domaininfo_t === DOMAININFO_BYTES && sizes.xc_physinfo_t === PHYSINFO_BYTES) return
    const why = `it has ${JSON.stringify(sizes)}, tetrarch knows ${JSON.stringify(expected)}`
    throw unavailable('libxenctrl has structs of other sizes', why)
  }

  [Symbol.dispose](): void {
    if (this.#handle !== null) this.#native.close(this.#handle)
    this.#handle = null
    this.#memory[Symbol.dispose]()
  }

  get #open(): Pointer {
    if (this.#handle === null) throw new ReferenceError('libxenctrl used after it was closed')
    return this.#handle
  }

  #list(first: number, max: number): number {
    return this.#check('xc_domain_getinfolist', this.#native.getinfolist(this.#open, first, max, this.#memory.at))
  }

  #check(call: string, rc: number): number {
    if (rc < 0) throw unavailable('the hypervisor refused a question', `${call}: errno ${errno()}`)
    return rc
  }
}
