/** Everything that can be asked of guests: what the HTTP handlers call. Answers come from memory and one call to the hypervisor. */
import type { EndReason, Guest, GuestDetail } from '../../api/guest.ts'
import type { HostSummary, ModeRow } from '../../api/host.ts'
import type { Task, TaskKind } from '../../api/task.ts'
import { allModes } from '../../modes/index.ts'
import { fail } from '../../words/errors.ts'
import type { GuestConsole } from '../consoles/guest-console.ts'
import type { Domain } from '../host.ts'
import type { TaskProgress } from '../tasks.ts'
import { type CreateBody, admit } from './admission.ts'
import { adopt, refreshDefinitions } from './adopt.ts'
import { type Context, domainOf } from './context.ts'
import { watchFolder } from './definitions.ts'
import { sequelOf } from './end-steps.ts'
import type { GuestEntry } from './guest-entry.ts'
import { viewGuest, viewGuestDetail } from './guest-view.ts'
import { summarizeHost } from './host-summary.ts'
import { Life, type Verb } from './life.ts'
import { Observer } from './observer.ts'

const HALTED = Number.MAX_SAFE_INTEGER

/** As xl lists them: what runs by its number, then the halted ones by name. */
const byDomidThenName = (a: Guest, b: Guest): number =>
  (a.domid ?? HALTED) - (b.domid ?? HALTED) || a.name.localeCompare(b.name)

export class GuestService {
  readonly #context: Context
  readonly #observer: Observer
  readonly #life: Life
  #folder: Disposable | null = null

  constructor(context: Context) {
    this.#context = context
    this.#observer = new Observer(context, (entry, reason) => this.#afterEnd(entry, reason))
    this.#life = new Life(context, this.#observer)
  }

  /** Takes up what already runs and begins to follow Xen. */
  async begin(): Promise<void> {
    const { bus, registry, config, version } = this.#context
    const { adopted } = await adopt(this.#context, this.#observer)
    await this.#observer.start()
    this.#folder = watchFolder(config.paths.guests, () => void refreshDefinitions(this.#context))
    const foreign = registry.all().filter(({ managed }) => !managed).length
    bus.publish({ kind: 'daemon.started', version, adopted, foreign })
  }

  /** Stops following; guests run on. */
  async end(): Promise<void> {
    this.#folder?.[Symbol.dispose]()
    for (const entry of this.#context.registry.all()) await this.#observer.detach(entry)
  }

  list(): readonly Guest[] {
    const domains = new Map<number | undefined, Domain>(
      this.#context.host.domains().map((domain) => [domain.domid, domain]),
    )
    const guests = this.#context.registry.all().map((entry) => viewGuest(entry, domains.get(entry.run?.domid) ?? null))
    return guests.sort(byDomidThenName)
  }

  get(ref: string): GuestDetail {
    const entry = this.#context.registry.find(ref)
    return viewGuestDetail(entry, domainOf(this.#context.host, entry.run?.domid))
  }

  modes(): readonly ModeRow[] {
    return allModes.map(({ name, title, summary, needs, deviceModel, boot, pros, cons }) => ({
      ...{ name, title, summary, deviceModel },
      ...{ needs: [...needs], boot: [...boot], pros: [...pros], cons: [...cons] },
    }))
  }

  hostSummary(): Promise<HostSummary> {
    return summarizeHost(this.#context, this.list())
  }

  console(ref: string): GuestConsole {
    const { name, run } = this.#context.registry.find(ref)
    if (run?.console) return run.console
    throw fail('wrong-state', {
      what: `"${name}" has no console to attach to`,
      why: run === null ? 'it is not running' : 'its console is read by the toolstack that made it',
      fix: run === null ? `tetrarch create ${name}` : `xl console ${run.domid}`,
    })
  }

  /** Throws at once what needs no work to know; the rest becomes the task's problem. */
  create(body: CreateBody, caller: string): Task {
    const { entry, definition } = admit(this.#context, body)
    // Set here and not when the task's turn comes, so that a second create is refused at once.
    entry.operation = 'starting'
    const then = body.paused ? 'stay-paused' : 'run'
    return this.#task('create', entry, caller, (progress) => this.#life.start(entry, definition, then, progress))
  }

  act(verb: Verb, ref: string, caller: string): Task {
    const entry = this.#context.registry.find(ref)
    // What a user wants gone is not waited for: a shutdown that hangs, or a create under way, gives way.
    const inTheWay = verb === 'destroy' ? this.#context.tasks.ofGuest(entry.name) : []
    if (inTheWay.length === 0) this.#life.mustRun(entry, verb)
    for (const { id } of inTheWay) this.#context.tasks.cancel(id)
    return this.#task(verb, entry, caller, (progress) => this.#life.verbs[verb](entry, progress))
  }

  #afterEnd(entry: GuestEntry, reason: EndReason): void {
    const { then } = sequelOf(entry, reason)
    if (then === 'keep') return
    this.#task(then, entry, 'tetrarchd', (progress) => this.#life.follow(entry, reason, progress))
  }

  #task(kind: TaskKind, entry: GuestEntry, caller: string, work: (progress: TaskProgress) => Promise<void>): Task {
    const { tasks, queues } = this.#context
    const enqueue = (run: () => Promise<void>) =>
      queues.enqueue(entry.name, async () => {
        await run()
        // A create that was cancelled before its turn never ran the step that would have cleared this.
        if (queues.length(entry.name) === 1) entry.operation = null
        // What happened to the domain while the task had it is looked at now.
        await this.#observer.look()
      })
    return tasks.start({ kind, guest: entry.name, caller }, enqueue, work)
  }
}
