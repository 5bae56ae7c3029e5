/**
 * Where the fields of libxenctrl's structs are, on x86-64. Compared for Xen 4.17, 4.18, 4.19 and 4.20: they are the same.
 * libxenctrl's xc_domaininfo_t and xc_physinfo_t are the hypervisor's own structs.
 */
import { domid, uuid } from '../words/ids.ts'
import type { Uuid } from '../words/ids.ts'
import type { DomainInfo, PhysicalInfo, ShutdownReason, VcpuInfo } from './xenctrl.ts'

/** sizeof(xc_domaininfo_t): xen/include/public/domctl.h, xen_domctl_getdomaininfo. */
export const DOMAININFO_BYTES = 112
/** sizeof(xc_physinfo_t): xen/include/public/sysctl.h, xen_sysctl_physinfo. */
export const PHYSINFO_BYTES = 112
/** sizeof(xc_cputopo_t): xen/include/public/sysctl.h, xen_sysctl_cputopo: core, socket, node. */
export const CPUTOPO_BYTES = 12

/** sizeof(xc_vcpuinfo_t): xen/include/public/domctl.h, xen_domctl_getvcpuinfo. */
export const VCPUINFO_BYTES = 24

const PAGE_KIB = 4
const LITTLE_ENDIAN = true
/** XEN_DOMINF_* (xen/include/public/domctl.h). */
const flag = { dying: 1, hvm: 2, shutdown: 4, paused: 8, blocked: 16, running: 32, hap: 256 } as const
const SHUTDOWN_SHIFT = 16
const SHUTDOWN_MASK = 255
/** XEN_SYSCTL_PHYSCAP_* (xen/include/public/sysctl.h). */
const capability = { hvm: 1, pv: 2, directio: 4, hap: 8, shadow: 16 } as const
/** SHUTDOWN_* by number (xen/include/public/sched.h). */
const shutdownReasons: readonly ShutdownReason[] = ['poweroff', 'reboot', 'suspend', 'crash', 'watchdog', 'soft-reset']

/** The domid alone: libxenctrl answers "this one or the next that exists". */
export const domidAt = (memory: DataView, at: number): number => memory.getUint16(at, LITTLE_ENDIAN)

export function domainInfoAt(memory: DataView, at: number): DomainInfo {
  const u32 = (offset: number): number => memory.getUint32(at + offset, LITTLE_ENDIAN)
  const pagesKiB = (offset: number): number => Number(memory.getBigUint64(at + offset, LITTLE_ENDIAN)) * PAGE_KIB
  const flags = u32(4)
  const has = (bit: number): boolean => (flags & bit) !== 0
  return {
    domid: domid(domidAt(memory, at)),
    uuid: uuidAt(memory, at + 76),
    dying: has(flag.dying),
    hvm: has(flag.hvm),
    hap: has(flag.hap),
    shutdown: has(flag.shutdown) ? shutdownReason((flags >>> SHUTDOWN_SHIFT) & SHUTDOWN_MASK) : null,
    paused: has(flag.paused),
    blocked: has(flag.blocked),
    running: has(flag.running),
    memoryKiB: pagesKiB(8),
    maxMemoryKiB: pagesKiB(16),
    cpuTimeNs: memory.getBigUint64(at + 56, LITTLE_ENDIAN),
    onlineVcpus: u32(64),
    // XEN_INVALID_MAX_VCPU_ID (~0) is a domain without vcpus, so the sum wraps to 0 on purpose.
    maxVcpus: (u32(68) + 1) >>> 0,
    cpupool: u32(92),
    emulationFlags: u32(104),
  }
}

const shutdownReason = (code: number): ShutdownReason => shutdownReasons[code] ?? 'unknown'

function uuidAt(memory: DataView, at: number): Uuid {
  let text = ''
  for (let index = 0; index < 16; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-'
    text += memory
      .getUint8(at + index)
      .toString(16)
      .padStart(2, '0')
  }
  return uuid(text)
}

export function physicalInfoAt(memory: DataView, at: number): PhysicalInfo {
  const u32 = (offset: number): number => memory.getUint32(at + offset, LITTLE_ENDIAN)
  const pagesKiB = (offset: number): number => Number(memory.getBigUint64(at + offset, LITTLE_ENDIAN)) * PAGE_KIB
  const has = (bit: number): boolean => (u32(28) & bit) !== 0
  return {
    threadsPerCore: u32(0),
    coresPerSocket: u32(4),
    cpus: u32(8),
    nodes: u32(16),
    cpuKhz: u32(24),
    caps: {
      hvm: has(capability.hvm),
      pv: has(capability.pv),
      directio: has(capability.directio),
      hap: has(capability.hap),
      shadow: has(capability.shadow),
    },
    totalKiB: pagesKiB(40),
    freeKiB: pagesKiB(48),
  }
}

export const vcpuInfoAt = (memory: DataView, at: number): Omit<VcpuInfo, 'vcpu' | 'hardAffinity' | 'softAffinity'> => ({
  online: memory.getUint8(at + 4) !== 0,
  blocked: memory.getUint8(at + 5) !== 0,
  running: memory.getUint8(at + 6) !== 0,
  cpuTimeNs: memory.getBigUint64(at + 8, LITTLE_ENDIAN),
  cpu: memory.getUint32(at + 16, LITTLE_ENDIAN),
})

/** The numbers of the bits that are set among the first `count`, as libxenctrl's maps of processors have them. */
export const bitsAt = (memory: DataView, at: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, bit) => bit).filter(
    (bit) => ((memory.getUint8(at + (bit >> 3)) >> (bit & 7)) & 1) === 1,
  )

/** XEN_INVALID_NODE_ID (xen/include/public/sysctl.h): of a processor that is offline. */
const NO_NODE = 0xffff_ffff

/** From an array of `count` xc_cputopo_t: the processors of each node, by the node's number. */
export function numaNodesAt(memory: DataView, at: number, count: number): readonly (readonly number[])[] {
  const nodes: number[][] = []
  for (let cpu = 0; cpu < count; cpu += 1) {
    const node = memory.getUint32(at + cpu * CPUTOPO_BYTES + 8, LITTLE_ENDIAN)
    if (node === NO_NODE) continue
    while (nodes.length <= node) nodes.push([])
    nodes[node]?.push(cpu)
  }
  return nodes
}
