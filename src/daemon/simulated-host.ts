/**
 * A host in memory: the daemon on it behaves as on Xen, for tests and for people who write clients
 * (`tetrarchd --simulate`). It promises what host.ts promises, and lets its owner play the guests and other toolstacks.
 * It never touches the machine it runs on: no process, no network, and no file but those that the daemon names.
 */
import { readFile, writeFile } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import type { Vcpu } from '../api/guest.ts'
import type { GuestSpec } from '../config/guest-spec.ts'
import type { JsonObject } from '../libxl/requests.ts'
import type { HostFacts } from '../modes/facts.ts'
import type { BootEntries, DiskRequest, GuestSystem } from '../pygrub/types.ts'
import { fail } from '../words/errors.ts'
import type { Domid, Uuid } from '../words/ids.ts'
import type { GuestConsole } from './consoles/guest-console.ts'
import type {
  AskedBy,
  BootChoice,
  BootSource,
  DeviceCounters,
  DeviceModelCheck,
  DeviceModelUsage,
  Domain,
  DomainDescription,
  Equipment,
  Host,
  Inspection,
  Operation,
  Preserved,
} from './host.ts'
import { bootMenu } from './simulated/boot-menu.ts'
import { bootSourceOf, inspectSimulated, missingResource } from './simulated/boot.ts'
import type { SimulatedDomain } from './simulated/domain.ts'
import { type FaultPoint, pass } from './simulated/faults.ts'
import { neededMemoryMiB } from './simulated/hypervisor.ts'
import { type SimulatedPlan, configOf, planOf } from './simulated/plan.ts'
import { type SimulatedOptions, settingsFrom } from './simulated/settings.ts'
import { SimulatedWorld } from './simulated/world.ts'

/** How a guest's console is made from dom0's end of its terminal; `name` is the log's, null for none. */
export type OpenConsole = (tty: Duplex, name: string | null) => Promise<GuestConsole>

export class SimulatedHost extends SimulatedWorld implements Host {
  readonly simulated = true
  readonly #openConsole: OpenConsole

  constructor(openConsole: OpenConsole, options: SimulatedOptions = {}) {
    super(settingsFrom(options))
    this.#openConsole = openConsole
  }

  async facts(): Promise<HostFacts> {
    await this.faults.meet('facts')
    const { xenVersion, capabilities, cpus, memoryMiB } = this.settings
    const numaNodes = [Array.from({ length: cpus }, (_, cpu) => cpu)]
    return {
      xenVersion,
      capabilities: new Set(capabilities),
      cpus,
      numaNodes,
      memoryMiB,
      freeMemoryMiB: this.xen.freeMemoryMiB,
    }
  }

  domains(): readonly Domain[] {
    return this.xen.domains.map(({ domain }) => domain)
  }

  domain(domid: Domid): Domain | null {
    return this.domains().find((domain) => domain.domid === domid) ?? null
  }

  vcpus(domid: Domid): readonly Vcpu[] {
    return this.xen.vcpus(domid)
  }

  onDomainsChanged(listener: () => void): Disposable {
    return this.xen.listen(listener)
  }

  async describe(domid: Domid): Promise<DomainDescription> {
    await this.faults.meet('describe')
    return this.xen.domain(domid).description
  }

  deviceModelUsage(): Promise<DeviceModelUsage> {
    return Promise.resolve({ memoryMiB: 32, cpuSeconds: 0.5 })
  }

  deviceCounters(): Promise<ReadonlyMap<Domid, DeviceCounters>> {
    return Promise.resolve(new Map(this.xen.domains.map((domain) => [domain.domid, domain.counters])))
  }

  readOfGuest(domid: Domid, path: string): Promise<string | null> {
    return Promise.resolve(this.xen.domain(domid).nodes.get(path) ?? null)
  }

  checkDeviceModel(domid: Domid): Promise<DeviceModelCheck> {
    return Promise.resolve(this.xen.domain(domid).checkDeviceModel())
  }

  endDeviceModel(domid: Domid): Promise<void> {
    if (this.xen.has(domid)) this.xen.domain(domid).setDeviceModel('gone')
    return Promise.resolve()
  }

  watchDescription(domid: Domid, listener: () => void): Promise<AsyncDisposable> {
    return Promise.resolve(this.xen.watch(domid, listener))
  }

  async checkResources(spec: GuestSpec): Promise<void> {
    await this.faults.meet('checkResources')
    const missing = missingResource(spec, this.settings.exists)
    if (missing !== null) throw missing
  }

  inspect(spec: GuestSpec): Promise<Inspection> {
    return Promise.resolve(inspectSimulated(spec, this.settings))
  }

  async neededMemoryMiB(config: JsonObject, { signal }: Operation): Promise<number> {
    await this.faults.meet('neededMemoryMiB', signal)
    return neededMemoryMiB(planOf(config))
  }

  async bootEntries({ disk }: DiskRequest): Promise<BootEntries> {
    await this.faults.meet('bootEntries')
    if (!this.settings.exists(disk))
      throw fail('file-missing', { what: `cannot read ${disk}`, why: 'there is no such file' })
    return bootMenu
  }

  guestSystem({ disk }: DiskRequest): Promise<GuestSystem> {
    return Promise.resolve(this.settings.system(disk))
  }

  async prepareBoot(spec: GuestSpec, { signal, log }: Operation, choice: BootChoice = {}): Promise<BootSource> {
    await this.faults.meet('prepareBoot', signal)
    const boot = bootSourceOf(spec, this.settings.kernel, choice)
    if (boot.kernel !== null) {
      this.boots.add(boot)
      log(`simulated: the kernel is ${boot.booted.what}`)
    }
    return boot
  }

  releaseBoot(boot: BootSource): Promise<void> {
    this.boots.delete(boot)
    return Promise.resolve()
  }

  async build(config: JsonObject, { signal, log }: Operation): Promise<Domid> {
    const plan = planOf(config)
    const { buildMs } = this.settings.times
    await pass(buildMs / 2, 'build', signal)
    this.#refuse(plan)
    const domain = this.xen.add(plan)
    log(`simulated: domain ${domain.domid} is half built`)
    await this.faults.meet('build', signal)
    await pass(buildMs / 2, 'build', signal)
    if (!this.xen.has(domain.domid)) throw libxlFailed(plan, 'the domain was destroyed while it was built')
    domain.built()
    return domain.domid
  }

  async sweep(uuid: Uuid, _spec: GuestSpec, { signal }: Operation): Promise<void> {
    await this.faults.meet('sweep', signal)
    const left = this.xen.domains.filter(({ plan }) => plan.uuid === uuid)
    await Promise.all(left.map((domain) => this.xen.remove(domain)))
  }

  equip(domid: Domid, { config }: Equipment, operation: Operation): Promise<void> {
    return this.#on(domid, 'equip', operation, (domain) => domain.equip(planOf(config)))
  }

  destroy(domid: Domid, operation: Operation): Promise<void> {
    return this.#on(domid, 'destroy', operation, (domain) => this.xen.remove(domain))
  }

  save(domid: Domid, file: string, operation: Operation): Promise<void> {
    return this.#on(domid, 'save', operation, async (domain) => {
      await writeFile(file, JSON.stringify(domain.plan), { flag: 'wx' })
      domain.end('suspend')
    })
  }

  resume(domid: Domid, operation: Operation): Promise<void> {
    return this.#on(domid, 'resume', operation, (domain) => domain.goOn())
  }

  async restore(_config: JsonObject, file: string, { signal }: Operation): Promise<Domid> {
    await this.faults.meet('restore', signal)
    const plan = JSON.parse(await readFile(file, 'utf8')) as SimulatedPlan
    this.#refuse(plan)
    const domain = this.xen.add(plan)
    domain.built()
    return domain.domid
  }

  pause(domid: Domid, operation: Operation): Promise<void> {
    return this.#on(domid, 'pause', operation, (domain) => domain.pause())
  }

  unpause(domid: Domid, operation: Operation): Promise<void> {
    return this.#on(domid, 'unpause', operation, (domain) => domain.unpause())
  }

  shutdown(domid: Domid, noticeMs: number, operation: Operation): Promise<AskedBy> {
    return this.#ask(domid, 'shutdown', noticeMs, operation)
  }

  reboot(domid: Domid, noticeMs: number, operation: Operation): Promise<AskedBy> {
    return this.#ask(domid, 'reboot', noticeMs, operation)
  }

  async #ask(domid: Domid, verb: 'shutdown' | 'reboot', noticeMs: number, operation: Operation): Promise<AskedBy> {
    const reason = verb === 'reboot' ? 'reboot' : 'poweroff'
    const asked = await this.#on(domid, verb, operation, (domain) => domain.ask(reason))
    if (asked === 'nobody') await pass(noticeMs, verb, operation.signal)
    return asked
  }

  async withdraw(domid: Domid): Promise<void> {
    await this.faults.meet('withdraw')
    this.xen.domain(domid)
  }

  configuration(domid: Domid, operation: Operation): Promise<JsonObject> {
    return this.#on(domid, 'configuration', operation, (domain) => configOf(domain.plan))
  }

  dumpCore(domid: Domid, file: string, operation: Operation): Promise<void> {
    return this.#on(domid, 'dumpCore', operation, ({ plan }) => writeFile(file, `core of ${plan.name}\n`))
  }

  preserve(domid: Domid, { name, suffix, uuid }: Preserved, operation: Operation): Promise<void> {
    return this.#on(domid, 'preserve', operation, (domain) => domain.keepAs(`${name}${suffix}`, uuid))
  }

  softReset(domid: Domid, _config: JsonObject, operation: Operation): Promise<void> {
    return this.#on(domid, 'softReset', operation, (domain) => domain.goOn())
  }

  async openConsole(domid: Domid, log: string | null): Promise<GuestConsole> {
    await this.faults.meet('openConsole')
    return await this.#openConsole(this.xen.domain(domid).tty, log)
  }

  vncPassword(domid: Domid): Promise<string | null> {
    return Promise.resolve(this.xen.domain(domid).plan.vnc?.password ?? null)
  }

  workers(): readonly [] {
    return []
  }

  close(): Promise<void> {
    return this.xen.close()
  }

  /** What libxl itself refuses before it makes anything. */
  #refuse(plan: SimulatedPlan): void {
    const others = this.xen.domains.map((domain) => domain.plan)
    if (others.some(({ name }) => name === plan.name)) throw libxlFailed(plan, 'a domain of this name exists')
    if (others.some(({ uuid }) => uuid === plan.uuid)) throw libxlFailed(plan, 'a domain of this uuid exists')
    const needed = neededMemoryMiB(plan)
    const free = this.xen.freeMemoryMiB
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
    await this.faults.meet(point, signal)
    return await act(this.xen.domain(domid))
  }
}

const libxlFailed = ({ name }: SimulatedPlan, why: string) =>
  fail('libxl-failed', { what: `libxl could not build "${name}"`, why, evidence: [`simulated libxl: ${why}`] })
