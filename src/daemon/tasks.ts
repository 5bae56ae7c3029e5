/**
 * Long operations, as users see them: queued, running with a stage, ended. Each change makes a new immutable snapshot.
 *
 *   queued ──▶ running ──▶ succeeded | failed | cancelled
 *      └──────────────────────────────────────▲ cancelled before it began
 */
import { randomUUID } from 'node:crypto'
import { toProblem } from '../api/problem.ts'
import { type Task, type TaskKind, type TaskState, isFinished } from '../api/task.ts'
import { asTetrarchError, fail } from '../words/errors.ts'
import { Changes } from './changes.ts'
import type { EventBus } from './events.ts'
import type { Operation } from './host.ts'

export interface TaskBoardOptions {
  /** Ended tasks that are kept. */
  readonly history: number
  /** Lines of log kept for each task. */
  readonly logLines: number
}

/** What the work of a task uses: the operation's signal and log, and the means to say how far it is. */
export interface TaskProgress extends Operation {
  readonly begin: (steps: number) => void
  readonly stage: (name: string) => void
}

export interface TaskRequest {
  readonly kind: TaskKind
  readonly guest: string
  readonly caller: string
}

interface Entry {
  task: Task
  readonly abort: AbortController
  readonly changes: Changes
}

export class TaskBoard {
  readonly #options: TaskBoardOptions
  readonly #bus: EventBus
  readonly #entries = new Map<string, Entry>()

  constructor(bus: EventBus, options: TaskBoardOptions) {
    this.#bus = bus
    this.#options = options
  }

  /** Newest first. */
  list(): readonly Task[] {
    return [...this.#entries.values()].map(({ task }) => task).reverse()
  }

  get(id: string): Task {
    return this.#entry(id).task
  }

  /** Tasks of a guest that have not ended. */
  ofGuest(guest: string): readonly Task[] {
    return this.list().filter((task) => task.guest === guest && !isFinished(task))
  }

  /** Puts a task on the board; `enqueue` runs the work when its turn comes. */
  start(
    { kind, guest, caller }: TaskRequest,
    enqueue: (work: () => Promise<void>) => void,
    work: (progress: TaskProgress) => Promise<void>,
  ): Task {
    const task: Task = {
      id: randomUUID(),
      kind,
      guest,
      caller,
      state: 'queued',
      stage: null,
      steps: { done: 0, total: 0 },
      createdAt: new Date().toISOString(),
      finishedAt: null,
      log: [],
      problem: null,
    }
    const entry: Entry = { task, abort: new AbortController(), changes: new Changes() }
    this.#entries.set(task.id, entry)
    this.#announce(entry)
    enqueue(() => this.#run(entry, work))
    return entry.task
  }

  /** The task once it has ended, or as it is after `ms`. */
  async wait(id: string, ms: number): Promise<Task> {
    const entry = this.#entry(id)
    const timeout = AbortSignal.timeout(ms)
    for await (const task of this.updates(id, timeout)) if (isFinished(task)) return task
    return entry.task
  }

  /** The task now and after each change, until it has ended or the signal. */
  async *updates(id: string, signal: AbortSignal): AsyncGenerator<Task, void, undefined> {
    const entry = this.#entry(id)
    let seen: Task | null = null
    while (!signal.aborted) {
      if (entry.task !== seen) {
        seen = entry.task
        yield seen
        if (isFinished(seen)) return
      } else await entry.changes.next(signal)
    }
  }

  /** Asks a task to stop; it is undone as far as it went. An ended one is left as it is. */
  cancel(id: string): Task {
    const entry = this.#entry(id)
    if (!isFinished(entry.task)) {
      entry.abort.abort(fail('cancelled', { what: `${entry.task.kind} of "${entry.task.guest}" was cancelled` }))
    }
    return entry.task
  }

  async #run(entry: Entry, work: (progress: TaskProgress) => Promise<void>): Promise<void> {
    const { signal } = entry.abort
    try {
      signal.throwIfAborted()
      this.#change(entry, { state: 'running' })
      await work({
        signal,
        log: (line) => this.#change(entry, { log: [...entry.task.log, line].slice(-this.#options.logLines) }, 'quiet'),
        begin: (total) => this.#change(entry, { steps: { done: 0, total } }, 'quiet'),
        stage: (stage) => this.#enter(entry, stage),
      })
      const { total } = entry.task.steps
      this.#end(entry, { state: 'succeeded', steps: { done: total, total } })
    } catch (thrown) {
      const error = asTetrarchError(thrown)
      const state: TaskState = error.code === 'cancelled' ? 'cancelled' : 'failed'
      this.#end(entry, { state, problem: toProblem(error) })
    }
  }

  #enter(entry: Entry, stage: string): void {
    const { done, total } = entry.task.steps
    const steps = entry.task.stage === null ? { done, total } : { done: Math.min(done + 1, total), total }
    this.#change(entry, { stage, steps })
  }

  #end(entry: Entry, change: Partial<Task>): void {
    this.#change(entry, { ...change, finishedAt: new Date().toISOString() })
    const ended = [...this.#entries.values()].filter(({ task }) => isFinished(task))
    for (const { task } of ended.slice(0, Math.max(0, ended.length - this.#options.history)))
      this.#entries.delete(task.id)
  }

  #change(entry: Entry, change: Partial<Task>, how: 'announce' | 'quiet' = 'announce'): void {
    entry.task = { ...entry.task, ...change }
    entry.changes.happened()
    if (how === 'announce') this.#announce(entry)
  }

  #announce({ task }: Entry): void {
    const { guest, id, kind, state, stage } = task
    this.#bus.publish({ kind: 'task', guest, task: id, operation: kind, state, stage })
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id)
    if (entry === undefined) throw fail('not-found', { what: `there is no task "${id}"`, fix: 'tetrarch tasks' })
    return entry
  }
}
