import type { GuestSpec } from '../../config/guest-spec.ts'
import type { KernelFacts } from '../../modes/facts.ts'
import type { Capability } from '../../words/capabilities.ts'
import type { GuestSystem } from '../../pygrub/types.ts'
import type { SimulatedPlan } from './plan.ts'

/** How long things take in the simulation, milliseconds. */
export interface SimulatedTimes {
  readonly buildMs: number
  /** From the first unpause to the marker line on the console. */
  readonly bootMs: number
  /** From the marker line until the PV frontends are connected. */
  readonly pvConnectMs: number
  /** What a guest needs to power itself off or restart. */
  readonly shutdownMs: number
  /** What a destroyed domain needs to leave the list of domains. */
  readonly destroyMs: number
}

/** What a simulated guest does; by itself it has PV drivers and obeys. */
export interface Behaviour {
  /** Whether its system has PV drivers: without, an HVM guest stays in its emulated hardware. */
  readonly pvDrivers: boolean
  /** Whether it powers off and restarts when asked to. */
  readonly obeys: boolean
}

/** The machine that is simulated. */
export interface SimulatedSettings {
  readonly times: SimulatedTimes
  readonly xenVersion: string
  readonly capabilities: readonly Capability[]
  readonly cpus: number
  readonly memoryMiB: number
  readonly dom0MemoryMiB: number
  /** What the system in a guest is like. */
  readonly behaviour: (plan: SimulatedPlan) => Partial<Behaviour>
  /** What the kernel of a guest can do; null when its disk holds none. */
  readonly kernel: (spec: GuestSpec) => KernelFacts | null
  /** What the system on a disk is like. */
  readonly system: (disk: string) => GuestSystem
  /** Whether dom0 has this file, block device or bridge. */
  readonly exists: (name: string) => boolean
  /** The format that a disk's own bytes show, null when nobody can tell. */
  readonly formatOf: (target: string) => string | null
}

/** `times` may be given in part. */
export type SimulatedOptions = Partial<Omit<SimulatedSettings, 'times'>> & { readonly times?: Partial<SimulatedTimes> }

const defaults: SimulatedSettings = {
  times: { buildMs: 10, bootMs: 10, pvConnectMs: 5, shutdownMs: 10, destroyMs: 5 },
  xenVersion: '4.17.5',
  capabilities: ['pv', 'hvm', 'hap', 'shadow', 'shim'],
  cpus: 4,
  memoryMiB: 16_384,
  dom0MemoryMiB: 2048,
  behaviour: () => ({}),
  kernel: () => ({ version: '6.1.0-simulated', bits: 64, canPv: true, canPvh: true }),
  system: () => ({
    name: 'Simulated Linux',
    commandLine: 'root=UUID=5 console=hvc0',
    mounts: [{ device: 'UUID=5', on: '/' }],
    biosBoot: true,
    efiBoot: false,
    pvDisk: 'built-in',
    pvNic: 'built-in',
  }),
  exists: () => true,
  formatOf: () => null,
}

export const settingsFrom = (options: SimulatedOptions): SimulatedSettings => ({
  ...defaults,
  ...options,
  times: { ...defaults.times, ...options.times },
})
