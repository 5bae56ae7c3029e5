/**
 * The life of a guest, as the work of tasks.
 *
 *   halted ──create──▶ starting ──▶ running ◀──unpause──▶ paused
 *      ▲                  │ failed     │ shutdown, reboot, destroy, or by itself
 *      ├──────────────────┘            ▼
 *      └───────── destroy ───────── stopping ── restart ──▶ starting
 */
import type { EndReason } from '../../api/guest.ts'
import { fail } from '../../words/errors.ts'
import type { Domain } from '../host.ts'
import { type Step, runSteps } from '../steps.ts'
import type { TaskProgress } from '../tasks.ts'
import { type Context, domainOf } from './context.ts'
import { CrashBrake } from './crash-brake.ts'
import { type Ending, sequelOf, stepsToAsk, stepsToDestroy } from './end-steps.ts'
import { type Definition, type GuestEntry, nextDefinition } from './guest-entry.ts'
import type { Observer } from './observer.ts'
import { stepsToStart } from './start-steps.ts'

export type Verb = 'shutdown' | 'reboot' | 'destroy' | 'pause' | 'unpause'

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
    destroy: async (entry, progress) => {
      // A create that gave way to this left nothing to destroy.
      if (entry.run === null) return
      await this.#stop(entry, stepsToDestroy(this.#ending(entry), 'destroyed'), progress)
      this.#vanish(entry)
    },
  }

  /** Throws `wrong-state` for a guest without a domain. */
  mustRun({ name, run }: GuestEntry, verb: Verb): Domain {
    const domain = domainOf(this.#context.host, run?.domid)
    if (domain !== null) return domain
    throw fail('wrong-state', {
      what: `cannot ${verb} "${name}"`,
      why: 'it is not running',
      fix: `tetrarch create ${name}`,
    })
  }

  async start(
    entry: GuestEntry,
    definition: Definition,
    then: 'run' | 'stay-paused',
    progress: TaskProgress,
  ): Promise<void> {
    const { registry } = this.#context
    entry.definition = definition
    entry.nextDefinition = null
    const steps = stepsToStart({ context: this.#context, observer: this.#observer, entry, definition, then })
    try {
      await this.#during('starting', entry, steps, progress)
    } catch (thrown) {
      if (!entry.defined) registry.remove(entry)
      throw thrown
    }
  }

  /** The guest has shut itself down: what its on_* keys say follows. */
  async follow(entry: GuestEntry, reason: EndReason, progress: TaskProgress): Promise<void> {
    const { then, note } = sequelOf(entry, reason)
    if (note !== null) progress.log(note)
    if (then === 'keep' || entry.run === null) return
    await this.#stop(entry, stepsToDestroy(this.#ending(entry), reason), progress)
    const definition = nextDefinition(entry)
    if (then === 'destroy' || definition === null) this.#vanish(entry)
    else if (this.#brake.mayRestart(entry.name, reason)) await this.start(entry, definition, 'run', progress)
    else {
      progress.log('it crashed too often in a short time and is left halted; start it with: tetrarch create')
      this.#vanish(entry)
    }
  }

  async #once(entry: GuestEntry, progress: TaskProgress, name: string, verb: 'pause' | 'unpause'): Promise<void> {
    const { domid } = this.mustRun(entry, verb)
    await runSteps([{ name, run: (operation) => this.#context.host[verb](domid, operation) }], progress)
  }

  async #ask(entry: GuestEntry, progress: TaskProgress, verb: 'shutdown' | 'reboot'): Promise<void> {
    this.mustRun(entry, verb)
    const { shutdownMs } = this.#context.config.guests
    const seconds = entry.definition?.spec.shutdownTimeoutSeconds
    const timeoutMs = seconds === undefined ? shutdownMs : seconds * 1000
    await this.#stop(entry, stepsToAsk(this.#ending(entry), verb, timeoutMs), progress)
    const domain = domainOf(this.#context.host, entry.run?.domid)
    if (entry.managed) await this.follow(entry, domain?.shutdown ?? 'poweroff', progress)
  }

  #stop(entry: GuestEntry, steps: readonly Step[], progress: TaskProgress): Promise<void> {
    return this.#during('stopping', entry, steps, progress)
  }

  async #during(
    operation: NonNullable<GuestEntry['operation']>,
    entry: GuestEntry,
    steps: readonly Step[],
    progress: TaskProgress,
  ): Promise<void> {
    entry.operation = operation
    try {
      this.#observer.tell(entry)
      await runSteps(steps, progress)
    } finally {
      entry.operation = null
      this.#observer.tell(entry)
    }
  }

  /** A guest without a file in the guests folder is gone when its domain is. */
  #vanish(entry: GuestEntry): void {
    if (entry.defined || entry.run !== null) return
    this.#context.registry.remove(entry)
    const { name, uuid, lastEnd } = entry
    const reason = lastEnd?.reason ?? 'destroyed'
    this.#context.bus.publish({ kind: 'guest.gone', guest: name, uuid, domid: null, reason })
  }

  #ending(entry: GuestEntry): Ending {
    return { context: this.#context, observer: this.#observer, entry }
  }
}
