/** Everything that can be asked of guests: what the HTTP handlers call. Answers come from memory and one call to the hypervisor. */
import type { BootEntries } from '../../api/boot-entries.ts'
import type { Explanation } from '../../api/explanation.ts'
import type { EndReason, Guest, GuestDetail, Vcpu, Vnc } from '../../api/guest.ts'
import type { HostSummary, ModeRow } from '../../api/host.ts'
import type { LogLine } from '../../api/log.ts'
import type { Task, TaskKind } from '../../api/task.ts'
import type { Usage } from '../../api/usage.ts'
import { allModes } from '../../modes/index.ts'
import { fail } from '../../words/errors.ts'
import type { GuestConsole } from '../consoles/guest-console.ts'
import { pruneLogs } from '../consoles/prune-logs.ts'
import type { LogQuery } from '../consoles/read-log.ts'
import type { Domain } from '../host.ts'
import { guestFields, guestRecord } from '../find/guest-fields.ts'
import { compileQuery } from '../find/query.ts'
import { startGuests } from '../order/start-guests.ts'
import { type ActOn, stopGuests } from '../order/stop-guests.ts'
import type { TaskProgress } from '../tasks.ts'
import { type CreateBody, type Subject, admit } from './admission.ts'
import { adopt } from './adopt.ts'
import { type BootEntriesBody, listBootEntries } from './boot-entries.ts'
import { type Context, domainOf } from './context.ts'
import { Conversions } from './conversion/conversions.ts'
import type { DefinitionStore } from './definition-store.ts'
import { DeviceModelWatch, deviceModelFailureOf } from './device-model-watch.ts'
import { explain } from './explain.ts'
import { type GuestEntry, currentDefinition, nextDefinition } from './guest-entry.ts'
import { consoleOf, logOf, vncOf } from './guest-output.ts'
import { viewGuest, viewGuestDetail } from './guest-view.ts'
import { summarizeHost } from './host-summary.ts'
import { Life } from './life.ts'
import { type LintBody, type Linted, lintText } from './lint-on-host.ts'
import { Observer } from './observer.ts'
import { type Plan, planStart } from './plan-start.ts'
import { readDefinition } from './read-definition.ts'
import { loadSaved } from '../saved/load-saved.ts'
import { letGoOn } from '../saved/save-steps.ts'
import { runSteps } from '../steps.ts'
import { mustGoOn } from '../saved/go-on-steps.ts'
import { sequelOf } from './sequel.ts'
import type { Verb } from './transitions.ts'
import { measureUsage } from './usage.ts'

/** What a task is about that is about all; no guest can be called so. */
const ALL_GUESTS = '*'
const HALTED = Number.MAX_SAFE_INTEGER

/** As xl lists them: what runs by its number, then the halted ones by name. */
const byDomidThenName = (a: Guest, b: Guest): number =>
  (a.domid ?? HALTED) - (b.domid ?? HALTED) || a.name.localeCompare(b.name)

export class GuestService {
  readonly #context: Context
  readonly #observer: Observer
  readonly #life: Life
  readonly #conversions: Conversions
  #folder: Disposable | null = null
  #deviceModels: Disposable | null = null

  constructor(context: Context) {
    this.#context = context
    this.#observer = new Observer(context, (entry, reason) => this.#afterEnd(entry, reason))
    this.#life = new Life(context, this.#observer)
    this.#conversions = new Conversions(context, this.#life, (entry, caller, work) =>
      this.#task('convert', entry, caller, work),
    )
  }

  /** Takes up what already runs and begins to follow Xen. */
  async begin(): Promise<void> {
    const { bus, registry, config, definitions, version } = this.#context
    await this.#context.memory.load()
    this.#folder = await definitions.begin()
    await loadSaved(this.#context)
    const { adopted, toRestart, toLetRun, toLetGoOn } = await adopt(this.#context, this.#observer)
    await this.#context.prepared.begin()
    // What a conversion puts back is decided before any end of a domain is followed.
    await this.#conversions.resume()
    await this.#observer.start()
    const foreign = registry.all().filter(({ managed }) => !managed).length
    bus.publish({ kind: 'daemon.started', version, adopted, foreign })
    for (const entry of toLetGoOn)
      this.#task('save', entry, 'tetrarchd', (progress) =>
        runSteps(
          [{ name: 'let it go on', run: (operation) => letGoOn({ context: this.#context, entry }, operation) }],
          progress,
        ),
      )
    for (const entry of toLetRun) this.act('unpause', entry.name, 'tetrarchd')
    for (const entry of toRestart) {
      entry.operation = 'starting'
      this.#task('restart', entry, 'tetrarchd', (progress) => this.#life.restart(entry, { pauseMs: 0 }, progress))
    }
    this.#deviceModels = new DeviceModelWatch(this.#context, this.#observer, (entry) => this.#afterQemuFailed(entry))
    await pruneLogs(config.paths.consoleLogs, {
      keep: config.console.keptLogs,
      isGuest: (name) => registry.named(name) !== null,
    })
  }

  /** Stops following; guests run on. */
  async end(): Promise<void> {
    this.#folder?.[Symbol.dispose]()
    this.#deviceModels?.[Symbol.dispose]()
    for (const entry of this.#context.registry.all()) await this.#observer.detach(entry)
  }

  /** All guests, or those that a query finds. Throws `usage` for a text that is no query. */
  list(query?: string): readonly Guest[] {
    const guests = this.#all()
    if (query === undefined) return guests
    const { registry, config } = this.#context
    const rules = {
      fields: new Set(Object.keys(guestFields)),
      saved: config.queries,
      timeoutMs: config.guests.queryMs,
    }
    const specs = new Map(
      registry.all().map((entry) => [`${entry.uuid} ${entry.name}`, currentDefinition(entry)?.spec ?? null]),
    )
    return compileQuery(query, rules).select(guests, (guest) =>
      guestRecord({ guest, spec: specs.get(`${guest.uuid} ${guest.name}`) ?? null }),
    )
  }

  #all(): readonly Guest[] {
    const domains = new Map<number | undefined, Domain>(
      this.#context.host.domains().map((domain) => [domain.domid, domain]),
    )
    const guests = this.#context.registry
      .all()
      .map((entry) => viewGuest(entry, domains.get(entry.run?.domid) ?? null, this.#context.memory))
    return guests.sort(byDomidThenName)
  }

  get(ref: string): GuestDetail {
    const entry = this.#context.registry.find(ref)
    return viewGuestDetail(entry, domainOf(this.#context.host, entry.run?.domid), this.#context.memory)
  }

  vcpus(ref: string): readonly Vcpu[] {
    const { run } = this.#context.registry.find(ref)
    return run === null ? [] : this.#context.host.vcpus(run.domid)
  }

  /** Throws `wrong-state` for a domain of another toolstack, whose definition we do not have. */
  async explain(ref: string): Promise<Explanation> {
    const entry = this.#context.registry.find(ref)
    const definition = nextDefinition(entry)
    if (definition !== null) return await explain(this.#context, definition, entry)
    throw fail('wrong-state', {
      what: `"${entry.name}" has no definition to explain`,
      why: 'another toolstack made it',
      fix: `what it runs as is shown by: tetrarch info ${entry.name}`,
    })
  }

  async explainDefinition({ file, text }: { readonly file: string; readonly text: string }): Promise<Explanation> {
    return await explain(this.#context, readDefinition(file, text), null)
  }

  get definitions(): DefinitionStore {
    return this.#context.definitions
  }

  /** What a definition says, and all that is to be said about it here. */
  async lint({ definition, overrides, name }: LintBody): Promise<Linted> {
    return lintText(this.#context, { ...definition, overrides, name })
  }

  /** What libxl would be given; nothing is started. */
  plan(subject: Subject, signal: AbortSignal): Promise<Plan> {
    return planStart(this.#context, subject, signal)
  }

  /** Throws `boot-not-found` with all that was looked at when nothing can be booted. */
  bootEntries(body: BootEntriesBody): Promise<BootEntries> {
    return listBootEntries(this.#context, body)
  }

  modes(): readonly ModeRow[] {
    return allModes.map(({ name, title, summary, needs, deviceModel, boot, pros, cons }) => ({
      ...{ name, title, summary, deviceModel },
      ...{ needs: [...needs], boot: [...boot], pros: [...pros], cons: [...cons] },
    }))
  }

  hostSummary(guests = this.#all()): Promise<HostSummary> {
    return summarizeHost(this.#context, guests)
  }

  /** What each running guest has used until now; `guests` are those of this moment. */
  usage(guests = this.#all()): Promise<Usage> {
    return measureUsage(this.#context, guests)
  }

  console(ref: string): Promise<GuestConsole> {
    return consoleOf(this.#context, ref)
  }

  /** Throws `not-found` at once for a guest that has none. */
  log(ref: string, query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    return logOf(this.#context, ref, query, signal)
  }

  vnc(ref: string): Promise<Vnc> {
    return vncOf(this.#context, ref)
  }

  /** Throws at once what needs no work to know; the rest becomes the task's problem. */
  create(body: CreateBody, caller: string): Task {
    const { entry, definition, template } = admit(this.#context, body)
    // Set here and not when the task's turn comes, so that a second create is refused at once.
    const { saved } = entry
    if (saved !== null) mustGoOn(entry, saved, body)
    entry.operation = 'starting'
    const then = body.paused ? 'stay-paused' : 'run'
    if (saved !== null)
      return this.#task('create', entry, caller, (progress) => this.#life.goOn(entry, saved, then, progress))
    const what = { definition, boot: body.boot ?? {}, then, template } as const
    return this.#task('create', entry, caller, (progress) => this.#life.start(entry, what, progress))
  }

  act(verb: Verb, ref: string, caller: string): Task {
    const entry = this.#context.registry.find(ref)
    // What a user wants gone is not waited for: a shutdown that hangs, or a create under way, gives way.
    const inTheWay = verb === 'destroy' ? this.#context.tasks.ofGuest(entry.name) : []
    // One that was left halted after its crashes, and that no file defines, is forgotten by a destroy, and so is saved memory.
    const forgotten = verb === 'destroy' && entry.managed && (!entry.defined || entry.saved !== null)
    if (inTheWay.length === 0 && !forgotten) this.#life.mustRun(entry, verb)
    for (const { id } of inTheWay) this.#context.tasks.cancel(id)
    return this.#task(verb, entry, caller, (progress) => this.#life.verbs[verb](entry, progress))
  }

  /** Changes of guests' modes. */
  get conversions(): Conversions {
    return this.#conversions
  }

  /** Starts what starts with the host. */
  startGuests(caller: string): Task {
    const startOne = (name: string) => this.create({ name, paused: false }, caller)
    this.#context.prepared.resume()
    return this.#ofHost('start-guests', caller, (progress) => startGuests(this.#context, startOne, progress))
  }

  /** Stops all that is ours, before the host goes down. */
  stopGuests(caller: string): Task {
    const act: ActOn = (verb, name) => {
      if (verb !== 'save') return this.act(verb, name, caller)
      const entry = this.#context.registry.find(name)
      return this.#task(verb, entry, caller, (progress) => this.#life.save(entry, 'host-shutdown', progress))
    }
    return this.#ofHost('stop-guests', caller, (progress) => stopGuests(this.#context, act, progress))
  }

  /** One at a time, beside the tasks of the guests that it begins. */
  #ofHost(kind: TaskKind, caller: string, work: (progress: TaskProgress) => Promise<void>): Task {
    const { tasks, queues } = this.#context
    return tasks.start({ kind, guest: ALL_GUESTS, caller }, (run) => queues.enqueue(ALL_GUESTS, run), work)
  }

  #afterEnd(entry: GuestEntry, reason: EndReason): void {
    const { domain, guest } = sequelOf(entry, reason)
    if (domain === 'keep') return
    this.#task(guest === 'restarts' ? 'restart' : 'destroy', entry, 'tetrarchd', (progress) =>
      this.#life.follow(entry, reason, progress),
    )
  }

  #afterQemuFailed(entry: GuestEntry): void {
    const { definition, managed, kept } = entry
    const policy = deviceModelFailureOf(definition?.spec, this.#context.config)
    if (!managed || kept !== null || policy === 'mark') return
    this.#task(policy, entry, 'tetrarchd', (progress) => this.#life.replaceDeviceModel(entry, policy, progress))
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
