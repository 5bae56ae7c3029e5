import type { Vcpu } from '../../api/guest.ts'
import { type Domid, domid as asDomid } from '../../words/ids.ts'
import { fail } from '../../words/errors.ts'
import { SimulatedDomain } from './domain.ts'
import { pass } from './faults.ts'
import type { SimulatedPlan } from './plan.ts'
import type { SimulatedSettings } from './settings.ts'

/** Memory that Xen takes for a domain besides its own, MiB. */
const OVERHEAD_MIB = { pv: 1, pvh: 5, hvm: 9 } as const

export const neededMemoryMiB = ({ memoryMiB, libxlType }: SimulatedPlan): number => memoryMiB + OVERHEAD_MIB[libxlType]

/** The domains of the simulation, their memory, and those who want to hear of changes. A domid is never given twice. */
export class SimulatedHypervisor {
  readonly #settings: SimulatedSettings
  readonly #domains = new Map<Domid, SimulatedDomain>()
  readonly #listeners = new Set<() => void>()
  readonly #watchers = new Map<Domid, Set<() => void>>()
  #lastDomid = 0

  constructor(settings: SimulatedSettings) {
    this.#settings = settings
  }

  get domains(): readonly SimulatedDomain[] {
    return [...this.#domains.values()]
  }

  get freeMemoryMiB(): number {
    const used = this.domains.reduce((sum, { plan }) => sum + neededMemoryMiB(plan), 0)
    return this.#settings.memoryMiB - this.#settings.dom0MemoryMiB - used
  }

  /** Throws `not-found` when it has gone. */
  domain(domid: Domid): SimulatedDomain {
    const domain = this.#domains.get(domid)
    if (domain !== undefined) return domain
    throw fail('not-found', { what: `there is no domain ${domid}`, why: 'it has gone', fix: 'tetrarch list' })
  }

  vcpus(domid: Domid): readonly Vcpu[] {
    const domain = this.#domains.get(domid)?.domain
    return Array.from({ length: domain?.vcpus ?? 0 }, (_, vcpu) => ({
      vcpu,
      state: domain?.state === 'paused' ? ('paused' as const) : ('idle' as const),
      cpu: vcpu % this.#settings.cpus,
      cpuTimeSeconds: (domain?.cpuTimeSeconds ?? 0) / (domain?.vcpus ?? 1),
      hardAffinity: null,
      softAffinity: null,
    }))
  }

  has(domid: Domid): boolean {
    return this.#domains.has(domid)
  }

  add(plan: SimulatedPlan): SimulatedDomain {
    const domid = asDomid((this.#lastDomid += 1))
    const behaviour = { pvDrivers: true, obeys: true, ...this.#settings.behaviour(plan) }
    const domain = new SimulatedDomain(domid, plan, behaviour, this.#settings.times, () => this.#changed(domid))
    this.#domains.set(domid, domain)
    this.#changed(domid)
    return domain
  }

  async remove(domain: SimulatedDomain): Promise<void> {
    domain.die()
    await pass(this.#settings.times.destroyMs, 'destroying a domain')
    this.#domains.delete(domain.domid)
    this.#changed(domain.domid)
  }

  listen(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  watch(domid: Domid, listener: () => void): AsyncDisposable {
    const watchers = this.#watchers.get(domid) ?? new Set()
    this.#watchers.set(domid, watchers.add(listener))
    return {
      [Symbol.asyncDispose]: () => {
        watchers.delete(listener)
        return Promise.resolve()
      },
    }
  }

  /** Nobody hears of anything any more, and all domains go. */
  async close(): Promise<void> {
    this.#listeners.clear()
    this.#watchers.clear()
    await Promise.all(this.domains.map((domain) => this.remove(domain)))
  }

  /** Later, as a watch of xenstore comes: never in the middle of the call that made the change. */
  #changed(domid: Domid): void {
    setImmediate(() => {
      for (const listener of [...this.#listeners, ...(this.#watchers.get(domid) ?? [])]) listener()
    })
  }
}
