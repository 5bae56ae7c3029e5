/** Facts of a host and a kernel, and specifications, for the tests of the modes. */
import { loadGuest } from '../../src/config/load.ts'
import type { GuestSpec } from '../../src/config/guest-spec.ts'
import type { HostFacts, KernelFacts, KernelFinding } from '../../src/modes/facts.ts'
import { type Capability, capabilities } from '../../src/words/capabilities.ts'

export const host = (without: readonly Capability[] = []): HostFacts => ({
  xenVersion: '4.17.5',
  capabilities: new Set(capabilities.filter((capability) => !without.includes(capability))),
  cpus: 4,
  numaNodes: [[0, 1, 2, 3]],
  memoryMiB: 8192,
  freeMemoryMiB: 4096,
})

export const kernel = (facts: Partial<KernelFacts> = {}): KernelFinding => ({
  found: 'kernel',
  facts: { version: '6.1.0-56-amd64 (debian) #1', bits: 64, canPv: true, canPvh: true, ...facts },
})

export const pvOnly = kernel({ version: '3.16.0', canPvh: false })
export const neither = kernel({ version: '2.6.18', canPv: false, canPvh: false })
export const noKernel: KernelFinding = { found: 'none', why: 'no boot menu was found' }

export const spec = (...lines: readonly string[]): GuestSpec =>
  loadGuest(['name = "web"', 'memory = 128', ...lines, ''].join('\n'), { file: 'web.cfg' }).spec

export const DISK = 'disk = ["/srv/web.img,raw,xvda,rw"]'
