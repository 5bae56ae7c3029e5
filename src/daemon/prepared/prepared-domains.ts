/**
 * Domains that are built ahead of their guests: paused, without name and devices of their own. A guest that is made after
 * their template gets one, and starts in the time that its devices take.
 *
 *   (wanted) ──build──▶ ready ──take──▶ in hand ──▶ a guest's own: its run record says so
 *                         │  ◀──give back──┘
 *                         └── of an older definition or kernel, too many, or its memory is wanted ──▶ taken apart
 */
import { randomUUID } from 'node:crypto'
import type { EventBody } from '../../api/event.ts'
import { asTetrarchError } from '../../words/errors.ts'
import { domid, uuid } from '../../words/ids.ts'
import { type Common, domainOf } from '../guests/context.ts'
import type { Definition } from '../guests/guest-entry.ts'
import type { Operation } from '../host.ts'
import { runSteps } from '../steps.ts'
import { stepsToBuildAhead } from './build-ahead.ts'
import { fingerprintOf } from './fingerprint.ts'
import { type Prepared, PreparedRecords } from './prepared-record.ts'

/** How many there are of a template, and how many there are to be. */
export interface PreparedCount {
  readonly template: string
  readonly ready: number
  readonly wanted: number
}

/** What no guest is called, so that one domain after the other is built, whichever template it is for. */
const QUEUE = '*prepare'
/** What may change how many domains there are to be, or the memory for them. */
const TRIGGERS: ReadonlySet<EventBody['kind']> = new Set(['guest.definition', 'guest.gone', 'guest.state'])

export class PreparedDomains {
  readonly #context: Common
  readonly #records: PreparedRecords
  readonly #ready = new Map<string, Prepared>()
  /** Uuids of domains under construction, in hand, or being taken apart. */
  readonly #busy = new Set<string>()
  /** Per template the fingerprint that could not be built; it is not tried again. */
  readonly #failed = new Map<string, string>()
  #open = false
  #looking: Promise<void> | null = null
  #again = false

  constructor(context: Common, folder: string) {
    this.#context = context
    this.#records = new PreparedRecords(folder)
  }

  /** Takes up what an earlier daemon built, and builds what is missing. Guests' own domains are known by then. */
  async begin(): Promise<void> {
    for (const prepared of await this.#records.load()) await this.#takeUp(prepared)
    this.resume()
    void this.#follow()
  }

  /** Whether a domain is one of these: no guest, of ours or of others. */
  owns(id: string): boolean {
    return this.#ready.has(id) || this.#busy.has(id)
  }

  counts(): readonly PreparedCount[] {
    return this.#templates().map(({ spec }) => ({
      template: spec.name,
      ready: this.#of(spec.name).length,
      wanted: spec.prepare,
    }))
  }

  /** A domain for a guest that is made after this definition, null when there is none of just this. Given back or forgotten later. */
  take(template: Definition): Prepared | null {
    const fingerprint = fingerprintOf(template)
    const found = this.#of(template.spec.name).find((one) => one.fingerprint === fingerprint && this.#isWhole(one))
    if (found === undefined) return null
    this.#ready.delete(found.uuid)
    this.#busy.add(found.uuid)
    return found
  }

  /** The guest that was to get it did not: unless that took it apart already, it is ready again. */
  giveBack(prepared: Prepared): void {
    this.#busy.delete(prepared.uuid)
    if (this.#isWhole(prepared)) this.#ready.set(prepared.uuid, prepared)
    this.look()
  }

  /** It is a guest's own from now on. */
  async forget({ uuid: id }: Prepared): Promise<void> {
    this.#busy.delete(id)
    await this.#records.remove(id)
  }

  /** Takes domains apart until that much memory is free again, or none is left. */
  async makeRoom(mebibytes: number, operation: Operation): Promise<void> {
    let missing = mebibytes
    for (const prepared of this.#ready.values()) {
      if (missing <= 0) return
      operation.log(`${prepared.name}, built ahead, is taken apart for its ${prepared.spec.memoryMiB} MiB`)
      await this.#takeApart(prepared)
      missing -= prepared.spec.memoryMiB
    }
  }

  /** Before the host goes down: all are taken apart, and none is built until `resume`. */
  async suspend(): Promise<void> {
    this.#open = false
    await this.#looking
    for (const prepared of this.#ready.values()) await this.#takeApart(prepared)
  }

  resume(): void {
    this.#open = true
    this.look()
  }

  /** Compares what there is with what there is to be, and sees to it. Calls that come meanwhile share one further look. */
  look(): void {
    if (this.#looking !== null) {
      this.#again = true
      return
    }
    this.#looking = this.#lookUntilQuiet().finally(() => (this.#looking = null))
  }

  async #lookUntilQuiet(): Promise<void> {
    do {
      this.#again = false
      await this.#settle().catch((thrown: unknown) => {
        this.#context.log.error({ err: thrown }, 'domains that are built ahead could not be looked after')
      })
      // #again is set by calls of look() while the await above was under way.
    } while (this.#again as boolean)
  }

  async #settle(): Promise<void> {
    const templates = new Map<string, Definition>(this.#templates().map((template) => [template.spec.name, template]))
    for (const prepared of this.#ready.values()) {
      const template = templates.get(prepared.template)
      const isWanted = template !== undefined && fingerprintOf(template) === prepared.fingerprint
      if (!isWanted || !this.#isWhole(prepared)) await this.#takeApart(prepared)
    }
    for (const template of templates.values()) {
      for (const surplus of this.#of(template.spec.name).slice(template.spec.prepare)) await this.#takeApart(surplus)
      await this.#fill(template)
    }
  }

  /** Builds until there are enough. One that has failed is built again when something has changed. */
  async #fill(template: Definition): Promise<void> {
    const { name, prepare } = template.spec
    const fingerprint = fingerprintOf(template)
    const isDue = () =>
      this.#open && !this.#context.stopping.aborted && this.#failed.get(name) !== fingerprint && !this.#again
    while (isDue() && this.#of(name).length < prepare) {
      const { problem } = await this.#build(template, fingerprint)
      if (problem === null) continue
      // Memory comes back without a change of the definition.
      if (problem.code !== 'no-memory' && problem.code !== 'cancelled') this.#failed.set(name, fingerprint)
      this.#context.log.warn({ template: name }, `nothing is built ahead of "${name}": ${problem.what}`)
      return
    }
  }

  async #build(template: Definition, fingerprint: string) {
    const { tasks, queues } = this.#context
    const id = uuid(randomUUID())
    const request = { kind: 'prepare', guest: template.spec.name, caller: 'tetrarchd' } as const
    const keep = (prepared: Prepared) => void this.#ready.set(id, prepared)
    const steps = stepsToBuildAhead({
      ...{ context: this.#context, records: this.#records },
      ...{ template, uuid: id, fingerprint, keep },
    })
    this.#busy.add(id)
    const ended = Promise.withResolvers<undefined>()
    const task = tasks.start(
      request,
      (run) => queues.enqueue(QUEUE, () => run().finally(() => ended.resolve(undefined))),
      (progress) => runSteps(steps, progress),
    )
    await ended.promise
    this.#busy.delete(id)
    return tasks.get(task.id)
  }

  async #takeApart(prepared: Prepared): Promise<void> {
    this.#ready.delete(prepared.uuid)
    this.#busy.add(prepared.uuid)
    try {
      await this.#context.host.sweep(uuid(prepared.uuid), prepared.spec, this.#logOnly())
      await this.#records.remove(prepared.uuid)
    } catch (thrown) {
      // Its record stays, by which the next daemon tries again.
      this.#context.log.error({ domain: prepared.name }, `it could not be removed: ${asTetrarchError(thrown).message}`)
    } finally {
      this.#busy.delete(prepared.uuid)
    }
  }

  async #takeUp(prepared: Prepared): Promise<void> {
    const { registry, bootId } = this.#context
    const isGuests = registry.all().some(({ uuid: id, run }) => id === prepared.uuid && run !== null)
    if (isGuests || prepared.bootId !== bootId) await this.#records.remove(prepared.uuid)
    else if (this.#isWhole(prepared)) this.#ready.set(prepared.uuid, prepared)
    else await this.#takeApart(prepared)
  }

  /** It is there as it was built, and nobody has let it run. */
  #isWhole({ uuid: id, domid: known }: Prepared): boolean {
    const domain = known === null ? null : domainOf(this.#context.host, domid(known))
    return domain?.uuid === id && domain.state === 'paused' && domain.cpuTimeSeconds === 0
  }

  #of(template: string): readonly Prepared[] {
    return [...this.#ready.values()].filter((prepared) => prepared.template === template)
  }

  #templates(): readonly Definition[] {
    return this.#context.registry
      .all()
      .flatMap(({ defined, onDisk, problem }) =>
        defined && problem === null && onDisk !== null && onDisk.spec.prepare > 0 ? [onDisk] : [],
      )
  }

  async #follow(): Promise<void> {
    const { bus, stopping } = this.#context
    for await (const { kind } of bus.since(null, stopping)) if (TRIGGERS.has(kind)) this.look()
  }

  #logOnly(): Operation {
    return { signal: new AbortController().signal, log: (line) => this.#context.log.info(line) }
  }
}
