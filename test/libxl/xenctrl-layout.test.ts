import { describe, expect, test } from 'vitest'
import {
  CPUTOPO_BYTES,
  DOMAININFO_BYTES,
  PHYSINFO_BYTES,
  domainInfoAt,
  numaNodesAt,
  physicalInfoAt,
} from '../../src/libxl/xenctrl-layout.ts'

const DYING = 1
const HVM = 2
const SHUTDOWN = 4
const PAUSED = 8
const HAP = 256

/** xc_domaininfo_t of a domain with these flags, as the second of two. */
function domainInfo(flags: number, maxVcpuId = 3) {
  const memory = new DataView(new ArrayBuffer(2 * DOMAININFO_BYTES))
  const at = DOMAININFO_BYTES
  memory.setUint16(at, 42, true)
  memory.setUint32(at + 4, flags, true)
  memory.setBigUint64(at + 8, 65_536n, true)
  memory.setBigUint64(at + 16, 66_000n, true)
  memory.setBigUint64(at + 56, 2n ** 60n + 1n, true)
  memory.setUint32(at + 64, 2, true)
  memory.setUint32(at + 68, maxVcpuId, true)
  for (let index = 0; index < 16; index += 1) memory.setUint8(at + 76 + index, 0xf0 + index)
  memory.setUint32(at + 92, 5, true)
  memory.setUint32(at + 104, 1, true)
  return domainInfoAt(memory, at)
}

test('a domain is read with its units', () => {
  expect(domainInfo(HVM | HAP | PAUSED)).toEqual({
    domid: 42,
    uuid: 'f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff',
    dying: false,
    hvm: true,
    hap: true,
    shutdown: null,
    paused: true,
    blocked: false,
    running: false,
    memoryKiB: 262_144,
    maxMemoryKiB: 264_000,
    cpuTimeNs: 2n ** 60n + 1n,
    onlineVcpus: 2,
    maxVcpus: 4,
    cpupool: 5,
    emulationFlags: 1,
  })
})

test('a domain without vcpus has none, not four thousand million', () => {
  expect(domainInfo(0, 0xffff_ffff).maxVcpus).toBe(0)
})

describe('the shutdown reason', () => {
  test.each([
    [0, 'poweroff'],
    [1, 'reboot'],
    [2, 'suspend'],
    [3, 'crash'],
    [4, 'watchdog'],
    [5, 'soft-reset'],
    [255, 'unknown'],
  ] as const)('%i is %s', (code, reason) => {
    expect(domainInfo(SHUTDOWN | (code << 16)).shutdown).toBe(reason)
  })

  test('is null while the domain has not shut down, whatever the code', () => {
    expect(domainInfo(DYING | (3 << 16))).toMatchObject({ dying: true, shutdown: null })
  })
})

test('the processors of each NUMA node are read, without those that are offline', () => {
  const memory = new DataView(new ArrayBuffer(4 * CPUTOPO_BYTES))
  for (const [cpu, node] of [1, 0, 0xffff_ffff, 1].entries()) memory.setUint32(cpu * CPUTOPO_BYTES + 8, node, true)
  expect(numaNodesAt(memory, 0, 4)).toEqual([[1], [0, 3]])
})

test('the host is read with its units', () => {
  const memory = new DataView(new ArrayBuffer(PHYSINFO_BYTES))
  const numbers: readonly (readonly [number, number])[] = [
    [0, 2],
    [4, 8],
    [8, 16],
    [16, 1],
    [24, 2_600_000],
    [28, 1 | 2 | 8],
  ]
  for (const [offset, value] of numbers) memory.setUint32(offset, value, true)
  memory.setBigUint64(40, 2n ** 22n, true)
  memory.setBigUint64(48, 2n ** 20n, true)
  expect(physicalInfoAt(memory, 0)).toEqual({
    threadsPerCore: 2,
    coresPerSocket: 8,
    cpus: 16,
    nodes: 1,
    cpuKhz: 2_600_000,
    caps: { hvm: true, pv: true, hap: true, directio: false, shadow: false },
    totalKiB: 2 ** 24,
    freeKiB: 2 ** 22,
  })
})
