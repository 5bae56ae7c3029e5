/**
 * A host in memory: the daemon on it behaves as on Xen, for tests and for people who write clients
 * (`tetrarchd --simulate`). It promises what host.ts promises, and lets its owner play the guests and other toolstacks.
 * It never touches the machine it runs on: no file, no process, no network.
 */
import type { Duplex } from 'node:stream'
import type { GuestSpec } from '../config/guest-spec.ts'
import type { JsonObject } from '../libxl/requests.ts'
import type { HostFacts } from '../modes/facts.ts'
import { fail } from '../words/errors.ts'
import type { Domid, Uuid } from '../words/ids.ts'
import type { GuestConsole } from './consoles/guest-console.ts'
import type { BootSource, Domain, DomainDescription, Host, Operation } from './host.ts'
import { bootSourceOf, missingResource } from './simulated/boot.ts'
import type { SimulatedDomain } from './simulated/domain.ts'
import { type FaultPoint, createFaults, pass } from './simulated/faults.ts'
import { SimulatedHypervisor, neededMemoryMiB } from './simulated/hypervisor.ts'
import { type SimulatedPlan, planOf } from './simulated/plan.ts'
import { type SimulatedOptions, type SimulatedSettings, settingsFrom } from './simulated/settings.ts'

/** How a guest's console is made from dom0's end of its terminal; `name` is the log's. */
export type OpenConsole = (tty: Duplex, name: string) => Promise<GuestConsole>

export class SimulatedHost implements Host {
  readonly simulated = true
  readonly #settings: SimulatedSettings
  readonly #openConsole: OpenConsole
  readonly #xen: SimulatedHypervisor
  readonly #faults = createFaults()
  readonly #boots = new Set<BootSource>()

  constructor(openConsole: OpenConsole, options: SimulatedOptions = {}) {
    this.#settings = settingsFrom(options)
    this.#openConsole = openConsole
    this.#xen = new SimulatedHypervisor(this.#settings)
  }

  async facts(): Promise<HostFacts> {
    await this.#faults.meet('facts')
    const { xenVersion, capabilities, cpus, memoryMiB } = this.#settings
    return {
      xenVersion,
      capabilities: new Set(capabilities),
      cpus,
      memoryMiB,
      freeMemoryMiB: this.#xen.freeMemoryMiB,
    }
  }

  domains(): readonly Domain[] {
    return this.#xen.domains.map(({ domain }) => domain)
  }

  onDomainsChanged(listener: () => void): Disposable {
    return this.#xen.listen(listener)
  }

  async describe(domid: Domid): Promise<DomainDescription> {
    await this.#faults.meet('describe')
    return this.#xen.domain(domid).description
  }

  watchDescription(domid: Domid, listener: () => void): Promise<AsyncDisposable> {
    return Promise.resolve(this.#xen.watch(domid, listener))
  }

  async checkResources(spec: GuestSpec): Promise<void> {
    await this.#faults.meet('checkResources')
    const missing = missingResource(spec, this.#settings.exists)
    if (missing !== null) throw missing
  }

  async neededMemoryMiB(config: JsonObject, { signal }: Operation): Promise<number> {
    await this.#faults.meet('neededMemoryMiB', signal)
    return neededMemoryMiB(planOf(config))
  }

  async prepareBoot(spec: GuestSpec, { signal, log }: Operation): Promise<BootSource> {
    await this.#faults.meet('prepareBoot', signal)
    const boot = bootSourceOf(spec)
    if (boot.kernel !== null) {
      this.#boots.add(boot)
      log(`simulated: the kernel is ${boot.booted.what}`)
    }
    return boot
  }

  releaseBoot(boot: BootSource): Promise<void> {
    this.#boots.delete(boot)
    return Promise.resolve()
  }

  async build(config: JsonObject, { signal, log }: Operation): Promise<Domid> {
    const plan = planOf(config)
    const { buildMs } = this.#settings.times
    await pass(buildMs / 2, 'build', signal)
    this.#refuse(plan)
    const domain = this.#xen.add(plan)
    log(`simulated: domain ${domain.domid} is half built`)
    await this.#faults.meet('build', signal)
    await pass(buildMs / 2, 'build', signal)
    if (!this.#xen.has(domain.domid)) throw libxlFailed(plan, 'the domain was destroyed while it was built')
    domain.built()
    return domain.domid
  }

  async sweep(uuid: Uuid, _spec: GuestSpec, { signal }: Operation): Promise<void> {
    await this.#faults.meet('sweep', signal)
    const left = this.#xen.domains.filter(({ plan }) => plan.uuid === uuid)
    await Promise.all(left.map((domain) => this.#xen.remove(domain)))
  }

  destroy(domid: Domid, operation: Operation): Promise<void> {
    return this.#on(domid, 'destroy', operation, (domain) => this.#xen.remove(domain))
  }

  pause(domid: Domid, operation: Operation): Promise<void> {
    return this.#on(domid, 'pause', operation, (domain) => domain.pause())
  }

  unpause(domid: Domid, operation: Operation): Promise<void> {
    return this.#on(domid, 'unpause', operation, (domain) => domain.unpause())
  }

  shutdown(domid: Domid, operation: Operation): Promise<'pv-control' | 'acpi'> {
    return this.#on(domid, 'shutdown', operation, (domain) => domain.ask('poweroff'))
  }

  reboot(domid: Domid, operation: Operation): Promise<'pv-control' | 'acpi'> {
    return this.#on(domid, 'reboot', operation, (domain) => domain.ask('reboot'))
  }

  async openConsole(domid: Domid, name: string): Promise<GuestConsole> {
    await this.#faults.meet('openConsole')
    return await this.#openConsole(this.#xen.domain(domid).tty, name)
  }

  workers(): readonly [] {
    return []
  }

  close(): Promise<void> {
    return this.#xen.close()
  }

  /** The next call of this rejects with `error`; a `build` fails half-way and leaves what it had made. */
  failNext(point: FaultPoint, error: Error): void {
    this.#faults.add(point, error)
  }

  /** The next call of this never ends by itself: only its signal stops it. */
  hangNext(point: FaultPoint): void {
    this.#faults.add(point, 'hang')
  }

  /** The guest's kernel crashes. */
  crash(domid: Domid): void {
    this.#xen.domain(domid).end('crash')
  }

  /** The guest powers itself off, without being asked. */
  powerOff(domid: Domid): void {
    this.#xen.domain(domid).end('poweroff')
  }

  /** The guest restarts itself, without being asked. */
  restart(domid: Domid): void {
    this.#xen.domain(domid).end('reboot')
  }

  /** Another toolstack makes a domain and lets it run. */
  foreign(plan: Partial<SimulatedPlan> & Pick<SimulatedPlan, 'name' | 'uuid'>): Domid {
    const domain = this.#xen.add({ ...foreignDefaults, ...plan })
    domain.built()
    domain.unpause()
    return domain.domid
  }

  /** Another toolstack, or an administrator, destroys a domain, whoever made it. */
  vanish(domid: Domid): Promise<void> {
    return this.#xen.remove(this.#xen.domain(domid))
  }

  /** What is still there, in words: domains, and kernels that were prepared and not given back. */
  remains(): readonly string[] {
    const domains = this.#xen.domains.map(({ domid, plan }) => `domain ${domid} "${plan.name}"`)
    return [...domains, ...[...this.#boots].map(({ booted }) => `kernel ${booted.what}`)]
  }

  /** What libxl itself refuses before it makes anything. */
  #refuse(plan: SimulatedPlan): void {
    const others = this.#xen.domains.map((domain) => domain.plan)
    if (others.some(({ name }) => name === plan.name)) throw libxlFailed(plan, 'a domain of this name exists')
    if (others.some(({ uuid }) => uuid === plan.uuid)) throw libxlFailed(plan, 'a domain of this uuid exists')
    const needed = neededMemoryMiB(plan)
    const free = this.#xen.freeMemoryMiB
    if (needed > free) throw libxlFailed(plan, `it needs ${needed} MiB and ${free} MiB are free`)
  }

  /** An operation on a domain, after the fault that waits for it. */
  async #on<T>(
    domid: Domid,
    point: FaultPoint,
    { signal }: Operation,
    act: (domain: SimulatedDomain) => T | Promise<T>,
  ): Promise<T> {
    await pass(0, point, signal)
    await this.#faults.meet(point, signal)
    return await act(this.#xen.domain(domid))
  }
}

const foreignDefaults = {
  libxlType: 'pvh',
  memoryMiB: 128,
  vcpus: 1,
  platformPci: false,
  deviceModel: false,
  devices: [],
} as const

const libxlFailed = ({ name }: SimulatedPlan, why: string) =>
  fail('libxl-failed', { what: `libxl could not build "${name}"`, why, evidence: [`simulated libxl: ${why}`] })
