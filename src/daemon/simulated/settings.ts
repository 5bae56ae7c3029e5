import type { Capability } from '../../words/capabilities.ts'
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
  /** Whether dom0 has this file, block device or bridge. */
  readonly exists: (name: string) => boolean
}

/** `times` may be given in part. */
export type SimulatedOptions = Partial<Omit<SimulatedSettings, 'times'>> & { readonly times?: Partial<SimulatedTimes> }

const defaults: SimulatedSettings = {
  times: { buildMs: 10, bootMs: 10, pvConnectMs: 5, shutdownMs: 10, destroyMs: 5 },
  xenVersion: '4.17.5',
  capabilities: ['pv', 'hvm', 'hap'],
  cpus: 4,
  memoryMiB: 16_384,
  dom0MemoryMiB: 2048,
  behaviour: () => ({}),
  exists: () => true,
}

export const settingsFrom = (options: SimulatedOptions): SimulatedSettings => ({
  ...defaults,
  ...options,
  times: { ...defaults.times, ...options.times },
})
