/**
 * Keeps what we know in step with what Xen says. A watch of xenstore says that something happened; one call to the
 * hypervisor says what. Nothing here is polled and nothing here changes a domain.
 */
import { asTetrarchError } from '../../words/errors.ts'
import type { EndReason } from '../../api/guest.ts'
import type { Domain } from '../host.ts'
import { oneAtATime } from '../one-at-a-time.ts'
import { type Context, domainOf } from './context.ts'
import { type GuestEntry, type Run, newEntry, newRun, nextDefinition, observeDomain, stateOf } from './guest-entry.ts'
import { CONSOLE_TAIL, viewDeviceModel } from './guest-view.ts'

/** Told of a domain of ours that shut itself down, when none of our own operations is waiting for that. */
export type OnEnded = (entry: GuestEntry, reason: EndReason) => void

/** Xen sends no event when the last page of a dying domain is freed, so one is looked at again: soon, then ever more rarely. Milliseconds. */
const DYING_LOOK = { firstMs: 100, mostMs: 5000 }

export class Observer {
  readonly #context: Context
  readonly #onEnded: OnEnded
  /** The last word of domains that shut themselves down; those of ours are handled once. */
  readonly #ended = new Map<number, EndReason>()
  /** Modes that will be remembered of guests if they stay. */
  readonly #settling = new Map<string, NodeJS.Timeout>()
  readonly #describing = new WeakMap<Run, () => Promise<void>>()
  #dyingLookMs = DYING_LOOK.firstMs
  #dyingLook: NodeJS.Timeout | undefined

  constructor(context: Context, onEnded: OnEnded) {
    this.#context = context
    this.#onEnded = onEnded
  }

  /** Begins to follow the host, and looks once. */
  async start(): Promise<void> {
    this.#context.host.onDomainsChanged(() => void this.look())
    await this.look()
  }

  /** Compares all domains with what is known. Calls that come while one is under way share one further look. */
  readonly look = oneAtATime(async () => {
    try {
      await this.#lookOnce()
    } catch (thrown) {
      this.#context.log.error({ err: thrown }, `looking at the domains failed: ${asTetrarchError(thrown).message}`)
    }
  })

  async #lookOnce(): Promise<void> {
    const { host, registry, prepared } = this.#context
    const domains = host.domains()
    const alive = new Set(domains.map(({ domid }) => domid))
    for (const entry of registry.all())
      if (entry.run !== null && !alive.has(entry.run.domid)) await this.#gone(entry, entry.run)
    const ownerOf = registry.owners()
    for (const domain of domains) {
      const entry = ownerOf(domain)
      if (entry === null && !prepared.owns(domain.uuid)) await this.#appeared(domain)
      else if (entry?.run) this.#checkEnd(entry, domain)
    }
    this.#followDying(domains.some(({ state }) => state === 'dying'))
    for (const domid of this.#ended.keys()) if (!alive.has(domid as Domain['domid'])) this.#ended.delete(domid)
  }

  #followDying(someDie: boolean): void {
    clearTimeout(this.#dyingLook)
    if (!someDie) {
      this.#dyingLookMs = DYING_LOOK.firstMs
      return
    }
    this.#dyingLook = setTimeout(() => void this.look(), this.#dyingLookMs).unref()
    this.#dyingLookMs = Math.min(2 * this.#dyingLookMs, DYING_LOOK.mostMs)
  }

  /** Binds an entry to its domain: reads what xenstore says and follows it. */
  async attach(entry: GuestEntry, run: Run): Promise<void> {
    entry.run = run
    run.watch = await this.#context.host.watchDescription(run.domid, () => void this.#describe(entry, run))
    await this.#describe(entry, run)
  }

  /** Lets go of the domain; the caller knows that it is gone or no longer ours to watch. */
  async detach(entry: GuestEntry): Promise<void> {
    const { run } = entry
    if (run === null) return
    entry.run = null
    // From now on it would be started from the file as it is.
    entry.definition = nextDefinition(entry)
    clearTimeout(this.#settling.get(entry.uuid))
    entry.lastWords = run.console?.tail(CONSOLE_TAIL) ?? []
    run.console?.close()
    await run.watch?.[Symbol.asyncDispose]()
  }

  /** Reads again what xenstore and /proc say of it. */
  async refresh(entry: GuestEntry): Promise<void> {
    if (entry.run !== null) await this.#describe(entry, entry.run)
  }

  /** Sends the events for what has changed since the last time. */
  tell(entry: GuestEntry): void {
    const { bus, host } = this.#context
    const domain = domainOf(host, entry.run?.domid)
    const ref = { guest: entry.name, uuid: entry.uuid, domid: domain?.domid ?? null }
    const state = stateOf(entry, domain)
    const { told } = entry
    const mode = entry.run?.observation.mode ?? null
    const deviceModel = viewDeviceModel(entry)
    const modelNow = deviceModel && `${deviceModel.pid} ${deviceModel.health} ${deviceModel.status}`
    entry.told = { state, mode, deviceModel: modelNow }
    if (state !== told.state) {
      const reason = domain?.shutdown ?? (state === 'halted' ? (entry.lastEnd?.reason ?? null) : null)
      bus.publish({ kind: 'guest.state', ...ref, from: told.state, to: state, reason })
    }
    if (mode !== told.mode && entry.run !== null) {
      bus.publish({
        kind: 'guest.mode',
        ...ref,
        from: told.mode,
        to: mode,
        evidence: [...entry.run.observation.evidence],
      })
    }
    if (modelNow !== told.deviceModel) bus.publish({ kind: 'guest.device-model', ...ref, deviceModel })
  }

  async #appeared(domain: Domain): Promise<void> {
    const run = newRun(domain.domid, {})
    const entry = newEntry({ name: `(domain ${domain.domid})`, uuid: domain.uuid, managed: false, run })
    this.#context.registry.add(entry)
    await this.attach(entry, run)
    const { name, uuid } = entry
    this.#context.bus.publish({ kind: 'guest.appeared', guest: name, uuid, domid: domain.domid, managed: false })
    this.tell(entry)
  }

  /** Its domain was taken away from outside: by xl, or by the end of Xen's patience. */
  async #gone(entry: GuestEntry, { domid }: Run): Promise<void> {
    if (entry.operation !== null) return
    const { bus, records, registry } = this.#context
    const reason = this.#ended.get(domid) ?? 'destroyed'
    entry.lastEnd = { reason, at: new Date().toISOString() }
    if (!entry.defined && entry.saved === null) {
      registry.remove(entry)
      this.#context.memory.forget(entry.uuid)
    }
    await this.detach(entry)
    if (entry.managed) await records.remove(entry.uuid)
    this.tell(entry)
    if (!entry.defined) bus.publish({ kind: 'guest.gone', guest: entry.name, uuid: entry.uuid, domid, reason })
  }

  #checkEnd(entry: GuestEntry, { domid, shutdown }: Domain): void {
    this.tell(entry)
    // A soft reset brings a domain back to life.
    if (shutdown === null) this.#ended.delete(domid)
    if (shutdown === null || this.#ended.has(domid) || entry.operation !== null) return
    this.#ended.set(domid, shutdown)
    if (entry.managed) this.#onEnded(entry, shutdown)
  }

  /**
   * Keeps what a guest of ours is seen as for when it is halted: at once when its PV drivers are connected or nothing is
   * known yet, else once it has stayed so, since drivers also go for a moment while a guest starts or ends.
   */
  #remember({ uuid, name, managed }: GuestEntry, { observation: { mode }, description }: Run): void {
    clearTimeout(this.#settling.get(uuid))
    const { memory, config, log } = this.#context
    const known = memory.seen(uuid)
    if (!managed || mode === null || known?.mode === mode) return
    const keep = () => {
      memory.remember({ uuid, name }, 'seen', mode).catch((thrown: unknown) => {
        log.error({ err: thrown, guest: name }, `its mode cannot be remembered: ${asTetrarchError(thrown).message}`)
      })
    }
    const isSure =
      known === null ||
      description?.devices.some(({ kind, connected }) => connected && (kind === 'disk' || kind === 'nic')) === true
    if (isSure) keep()
    else this.#settling.set(uuid, setTimeout(keep, config.guests.modeSettleMs).unref())
  }

  /** A device that connects writes a dozen nodes, of which each is told by a watch: they are read once for all of them. */
  #describe(entry: GuestEntry, run: Run): Promise<void> {
    const known = this.#describing.get(run)
    const describe = known ?? oneAtATime(() => this.#describeOnce(entry, run))
    if (known === undefined) this.#describing.set(run, describe)
    return describe()
  }

  async #describeOnce(entry: GuestEntry, run: Run): Promise<void> {
    const { host, log } = this.#context
    try {
      run.description = await host.describe(run.domid)
    } catch (thrown) {
      // Domains vanish while they are being read; the look that follows says so.
      log.debug({ err: thrown }, `domain ${run.domid} could not be described`)
      return
    }
    const domain = domainOf(host, run.domid)
    if (domain === null || entry.run !== run) return
    // Its last name stays, so that its end can be told by it.
    if (!entry.managed) entry.name = run.description.name ?? entry.name
    run.observation = observeDomain(domain, run.description)
    this.tell(entry)
    this.#remember(entry, run)
  }
}
