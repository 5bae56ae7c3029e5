/**
 * The life of a guest, as the work of tasks.
 *
 *   halted ──create──▶ starting ──▶ running ◀──unpause──▶ paused
 *      ▲                  │ failed     │ shutdown, reboot, destroy, or by itself
 *      ├──────────────────┘            ▼
 *      └───────── destroy ───────── stopping ── restart ──▶ starting
 */
import type { EndReason } from '../../api/guest.ts'
import { asTetrarchError, fail } from '../../words/errors.ts'
import type { Domain } from '../host.ts'
import { type Step, runSteps } from '../steps.ts'
import { stepsToGoOn } from '../saved/go-on-steps.ts'
import { forgetSaved, mustBeSavable, stepsToSave } from '../saved/save-steps.ts'
import type { Saved } from '../saved/saved-guests.ts'
import type { TaskProgress } from '../tasks.ts'
import { type Context, domainOf } from './context.ts'
import { CrashBrake, type Ruling } from './crash-brake.ts'
import { type Ending, stepsToAsk, stepsToDestroy } from './end-steps.ts'
import { stepsToEquip } from './equip-steps.ts'
import { softReset, stepsToFollow } from './follow-steps.ts'
import { type Definition, type GuestEntry, nextDefinition, stateOf } from './guest-entry.ts'
import type { Observer } from './observer.ts'
import { type Sequel, sequelOf } from './sequel.ts'
import { type Verb, mustAllow } from './transitions.ts'
import { guestUuid } from './stable-uuid.ts'
import { lookAhead } from './look-ahead.ts'
import type { Restart } from './plan-steps.ts'
import { type Start, stepsToStart } from './start-steps.ts'

type Operation = NonNullable<GuestEntry['operation']>

interface MadeAfter {
  /** The definition of which domains may have been built ahead. */
  readonly template?: Definition | null
}

/** How many of the console's last lines the log of a restart has. */
const LINES_OF_A_CRASH = 5

export class Life {
  readonly #context: Context
  readonly #observer: Observer
  readonly #brake: CrashBrake

  constructor(context: Context, observer: Observer) {
    this.#context = context
    this.#observer = observer
    this.#brake = new CrashBrake(context.config.guests)
  }

  readonly verbs: Readonly<Record<Verb, (entry: GuestEntry, progress: TaskProgress) => Promise<void>>> = {
    pause: (entry, progress) => this.#once(entry, progress, 'pause its vCPUs', 'pause'),
    unpause: (entry, progress) => this.#once(entry, progress, 'let it run', 'unpause'),
    shutdown: (entry, progress) => this.#ask(entry, progress, 'shutdown'),
    reboot: (entry, progress) => this.#ask(entry, progress, 'reboot'),
    save: (entry, progress) => this.save(entry, 'asked', progress),
    destroy: async (entry, progress) => {
      this.#release(entry)
      // A create that gave way to this left nothing to destroy.
      if (entry.run !== null) {
        await this.#stop(entry, stepsToDestroy(this.#ending(entry), 'destroyed', 'forget'), progress)
      } else if (entry.saved !== null) await this.#stop(entry, [forgetSaved(this.#ending(entry))], progress)
      this.#vanish(entry)
    },
  }

  /** Throws `wrong-state` for what makes no sense now. */
  mustRun(entry: GuestEntry, verb: Verb): Domain {
    const domain = domainOf(this.#context.host, entry.run?.domid)
    mustAllow(verb, stateOf(entry, domain), entry.name)
    if (domain !== null) return domain
    throw fail('wrong-state', {
      what: `cannot ${verb} "${entry.name}"`,
      why: 'it has no domain',
      fix: 'tetrarch tasks',
    })
  }

  /** Starts a guest because someone asked for it. */
  async start(
    entry: GuestEntry,
    what: Pick<Start, 'definition' | 'boot' | 'then'> & MadeAfter,
    progress: TaskProgress,
    afterwards: readonly Step[] = [],
  ): Promise<void> {
    this.#release(entry)
    entry.carried = null
    entry.staysDown = false
    await this.#begin({ entry, ...what, restart: null }, progress, afterwards)
  }

  /** Lets a guest go on that was saved. */
  async goOn(entry: GuestEntry, saved: Saved, then: Start['then'], progress: TaskProgress): Promise<void> {
    entry.staysDown = false
    entry.definition = { ...saved.definition, spec: saved.spec, warnings: [] }
    const { definition } = entry
    const start: Start = {
      ...{ context: this.#context, observer: this.#observer, entry, definition, then },
      ...{ boot: {}, restart: null },
    }
    await this.#during({ now: 'starting', then: null }, entry, stepsToGoOn(start, saved), progress)
  }

  async save(entry: GuestEntry, because: Saved['because'], progress: TaskProgress): Promise<void> {
    this.mustRun(entry, 'save')
    mustBeSavable(entry)
    await this.#stop(entry, stepsToSave(this.#ending(entry), because), progress)
  }

  /** Asks a guest to power itself off and takes its domain away; it is not followed by what its on_* keys say. */
  async halt(entry: GuestEntry, progress: TaskProgress, then: 'starting' | null): Promise<void> {
    this.mustRun(entry, 'shutdown')
    const ending = this.#ending(entry)
    const steps = [
      ...stepsToAsk(ending, 'shutdown', this.#shutdownMs(entry)),
      ...stepsToDestroy(ending, 'poweroff', 'forget'),
    ]
    await this.#during({ now: 'stopping', then }, entry, steps, progress)
  }

  /** Takes its domain away, whatever it does. */
  takeAway(entry: GuestEntry, progress: TaskProgress, then: 'starting' | null): Promise<void> {
    const steps = stepsToDestroy(this.#ending(entry), 'destroyed', 'forget')
    return this.#during({ now: 'stopping', then }, entry, steps, progress)
  }

  /** Starts a guest again whose domain has ended. */
  async restart(entry: GuestEntry, how: Restart, progress: TaskProgress): Promise<void> {
    await this.#context.definitions.refresh()
    const definition = nextDefinition(entry)
    if (definition === null) {
      this.#vanish(entry)
      return
    }
    await this.#begin({ entry, definition, boot: {}, then: 'run', restart: how }, progress)
  }

  async #begin(
    what: Pick<Start, 'entry' | 'definition' | 'boot' | 'then' | 'restart'> & MadeAfter,
    progress: TaskProgress,
    afterwards: readonly Step[] = [],
  ): Promise<void> {
    const { entry } = what
    const steps = await this.#stepsOf(what)
    try {
      await this.#during({ now: 'starting', then: null }, entry, [...steps, ...afterwards], progress)
    } catch (thrown) {
      if (!entry.defined && entry.run === null) this.#context.registry.remove(entry)
      throw thrown
    }
  }

  async #stepsOf(what: Pick<Start, 'entry' | 'definition' | 'boot' | 'then' | 'restart'> & MadeAfter) {
    const { entry, definition, template = null } = what
    const start: Start = { context: this.#context, observer: this.#observer, ...what }
    const prepared = template === null ? null : this.#context.prepared.take(template)
    if (prepared === null) {
      entry.definition = definition
      await this.#takeUuid(entry, definition)
      return stepsToStart(start)
    }
    // Its domain has got one already, which the guest keeps over its reboots.
    entry.uuid = prepared.uuid
    entry.definition = { ...definition, spec: { ...definition.spec, uuid: prepared.uuid } }
    return stepsToEquip({ ...start, definition: entry.definition }, prepared)
  }

  /** A definition may give a guest another uuid; what is kept under the old one is of no use then. */
  async #takeUuid(entry: GuestEntry, definition: Definition): Promise<void> {
    const { machineId, records } = this.#context
    const uuid = guestUuid(definition, machineId)
    if (uuid === entry.uuid) return
    await records.remove(entry.uuid)
    entry.uuid = uuid
  }

  /** The guest has shut itself down: what its on_* keys say follows. */
  async follow(entry: GuestEntry, reason: EndReason, progress: TaskProgress): Promise<void> {
    const wanted = sequelOf(entry, reason)
    if (wanted.domain === 'keep' || entry.run === null) return
    if (wanted.domain === 'soft-reset' && (await this.#softReset(entry, progress))) return
    await this.#end(entry, reason, wanted, progress)
  }

  async #end(entry: GuestEntry, reason: EndReason, wanted: Sequel, progress: TaskProgress): Promise<void> {
    const ruling = wanted.guest === 'restarts' ? this.#brake.rule(entry.name, reason) : null
    const sequel: Sequel = { ...wanted, guest: ruling?.kind === 'restart' ? 'restarts' : 'stays-down' }
    this.#applyBrake(entry, ruling)
    if (reason === 'crash' || reason === 'watchdog') {
      await entry.run?.console?.quiet(this.#context.config.console.lastWordsMs)
      for (const line of entry.run?.console?.lastWords(LINES_OF_A_CRASH) ?? []) progress.log(`console: ${line}`)
    }
    const steps = stepsToFollow(this.#ending(entry), reason, sequel)
    if (ruling?.kind === 'restart') {
      // After a crash its file system is read anew at each look, so that one more would not help.
      const spec = reason === 'reboot' ? nextDefinition(entry)?.spec : undefined
      const ahead = spec && lookAhead(this.#context.host, spec, progress)
      await this.#during({ now: 'stopping', then: 'starting' }, entry, steps, progress)
      await this.restart(entry, { pauseMs: ruling.pauseMs, ahead }, progress)
      return
    }
    await this.#stop(entry, steps, progress)
    if (ruling?.kind === 'stay-down')
      progress.log(
        `it crashed ${ruling.crashes} times in a short time and is left halted: tetrarch create ${entry.name}`,
      )
    else this.#vanish(entry)
  }

  /** The QEMU of a guest died or hangs: the guest is ended, and starts again if that is wanted. */
  async replaceDeviceModel(entry: GuestEntry, then: 'destroy' | 'restart', progress: TaskProgress): Promise<void> {
    const { run } = entry
    if (run === null || run.deviceModel === null || run.deviceModel.health === 'well') return
    const { trouble, lastWords } = run.deviceModel
    progress.log(`its QEMU, process ${run.deviceModel.pid}: ${trouble}`)
    for (const line of lastWords) progress.log(`qemu: ${line}`)
    const guest = then === 'restart' ? 'restarts' : 'stays-down'
    await this.#end(entry, 'device-model', { domain: 'destroy', core: 'no-dump', guest }, progress)
  }

  /** False when it cannot be done; then the guest starts afresh. */
  async #softReset(entry: GuestEntry, progress: TaskProgress): Promise<boolean> {
    try {
      await this.#stop(entry, [softReset(this.#ending(entry))], progress)
      return true
    } catch (thrown) {
      progress.log(`${asTetrarchError(thrown).message}; it starts afresh`)
      return false
    }
  }

  #applyBrake(entry: GuestEntry, ruling: Ruling | null): void {
    if (ruling === null || ruling.crashes === 0) return
    const { crashes } = ruling
    const restartsAt = ruling.kind === 'restart' ? new Date(Date.now() + ruling.pauseMs).toISOString() : null
    entry.brake = { crashes, restartsAt }
  }

  #release(entry: GuestEntry): void {
    this.#brake.release(entry.name)
    entry.brake = null
  }

  async #once(entry: GuestEntry, progress: TaskProgress, name: string, verb: 'pause' | 'unpause'): Promise<void> {
    const { domid } = this.mustRun(entry, verb)
    await runSteps([{ name, run: (operation) => this.#context.host[verb](domid, operation) }], progress)
  }

  async #ask(entry: GuestEntry, progress: TaskProgress, verb: 'shutdown' | 'reboot'): Promise<void> {
    this.mustRun(entry, verb)
    await this.#stop(entry, stepsToAsk(this.#ending(entry), verb, this.#shutdownMs(entry)), progress)
    const domain = domainOf(this.#context.host, entry.run?.domid)
    if (entry.managed) await this.follow(entry, domain?.shutdown ?? 'poweroff', progress)
  }

  #shutdownMs({ definition }: GuestEntry): number {
    const seconds = definition?.spec.shutdownTimeoutSeconds
    return seconds === undefined ? this.#context.config.guests.shutdownMs : seconds * 1000
  }

  #stop(entry: GuestEntry, steps: readonly Step[], progress: TaskProgress): Promise<void> {
    return this.#during({ now: 'stopping', then: null }, entry, steps, progress)
  }

  async #during(
    operation: { readonly now: Operation; readonly then: Operation | null },
    entry: GuestEntry,
    steps: readonly Step[],
    progress: TaskProgress,
  ): Promise<void> {
    entry.operation = operation.now
    let next: Operation | null = null
    try {
      this.#observer.tell(entry)
      await runSteps(steps, progress)
      next = operation.then
    } finally {
      entry.operation = next
      this.#observer.tell(entry)
    }
  }

  /** A guest without a file in the guests folder is gone when its domain is. */
  #vanish(entry: GuestEntry): void {
    if (entry.defined || entry.run !== null || entry.saved !== null) return
    this.#context.registry.remove(entry)
    const { name, uuid, lastEnd } = entry
    this.#context.memory.forget(uuid)
    const reason = lastEnd?.reason ?? 'destroyed'
    this.#context.bus.publish({ kind: 'guest.gone', guest: name, uuid, domid: null, reason })
  }

  #ending(entry: GuestEntry): Ending {
    return { context: this.#context, observer: this.#observer, entry }
  }
}
