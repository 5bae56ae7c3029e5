/**
 * The libxl workers as the daemon sees them: requests go in, results or errors come out. The pool starts, watches and
 * kills worker processes; it never loads libxenlight, so no fault of libxl reaches the daemon.
 */
import { fileURLToPath } from 'node:url'
import { fail } from '../words/errors.ts'
import type { TetrarchError } from '../words/errors.ts'
import type { LibxlOp, LibxlRequest, LibxlRequestOf, LibxlResultOf } from './requests.ts'
import type { LogLine } from './worker-log.ts'
import { startWorker } from './worker-process.ts'
import type { Worker, WorkerState } from './worker-process.ts'

export interface RunOptions {
  /** How long the operation may take once a worker has it. Default: the pool's `deadlineMs`. */
  readonly deadlineMs?: number | undefined
  /** Cancels: in the queue at once, in a worker through libxl_ao_abort. */
  readonly signal?: AbortSignal | undefined
  readonly onLog?: ((line: LogLine) => void) | undefined
  /** Told which process serves the request, as soon as one does. */
  readonly onWorker?: ((pid: number) => void) | undefined
}

export interface WorkerInfo {
  readonly pid: number
  readonly state: WorkerState
  /** The operation it serves, null when none. */
  readonly op: LibxlOp | null
  /** When it came into this state, milliseconds since the epoch. */
  readonly since: number
}

export interface LibxlPoolOptions {
  /** The worker's entry file. Default: worker.ts beside this file; a bundle gives its own. */
  readonly workerFile?: string
  /** Arguments for the entry file. Default none; the first is a version of Xen, for a root directory of another Xen. */
  readonly workerArguments?: readonly string[]
  /** Workers kept ready. Default 1. */
  readonly warm?: number
  /** Workers at most, so operations at the same time at most; further requests wait. Default 6. */
  readonly max?: number
  /** A worker above the warm count leaves after so long without work. Default 30 000. */
  readonly idleMs?: number
  /** Deadline of an operation that gives none. Default 300 000. */
  readonly deadlineMs?: number
  /** How long an aborted operation may take to undo itself before its worker is killed. Default 60 000. */
  readonly graceMs?: number
  /** How long a worker may take to start. Default 30 000. */
  readonly startMs?: number
  /** How many lines of libxl's log an error shows. Default 20. */
  readonly logLines?: number
}

export interface LibxlPool extends AsyncDisposable {
  /**
   * Runs one operation. Rejects with a TetrarchError: `libxl-failed` (libxl's error lines as evidence),
   * `worker-died`, `deadline`, `cancelled`, `xen-unavailable`. After `worker-died`, and after `deadline` or `cancelled` that
   * say the worker was killed, what a create had built is still there: destroy the domain of that uuid.
   */
  run<Op extends LibxlOp>(request: LibxlRequestOf<Op>, options?: RunOptions): Promise<LibxlResultOf<Op>>
  /** A request will come soon: a worker starts meanwhile where there is none. */
  expectWork(): void
  workers(): readonly WorkerInfo[]
  /** Aborts what runs, then ends all workers. */
  close(): Promise<void>
}

const defaults = {
  workerFile: fileURLToPath(new URL('./worker.ts', import.meta.url)),
  workerArguments: [] as readonly string[],
  warm: 1,
  max: 6,
  idleMs: 30_000,
  deadlineMs: 300_000,
  graceMs: 60_000,
  startMs: 30_000,
  logLines: 20,
}

export function createLibxlPool(options: LibxlPoolOptions = {}): LibxlPool {
  const pool = new WorkerPool({ ...defaults, ...options })
  pool.keepWarm()
  return pool
}

/** A request that waits for a worker. */
interface Waiting {
  readonly signal: AbortSignal | undefined
  start(worker: Worker): void
  refuse(error: TetrarchError): void
}

class WorkerPool implements LibxlPool {
  readonly #options: typeof defaults
  readonly #workers = new Set<Worker>()
  readonly #queue: Waiting[] = []
  /** A worker could not start: only a request makes us try again, so a machine without Xen is left in peace. */
  #discouraged = false
  #closed = false

  constructor(options: typeof defaults) {
    this.#options = options
  }

  run<Op extends LibxlOp>(request: LibxlRequestOf<Op>, options: RunOptions = {}): Promise<LibxlResultOf<Op>> {
    const { deadlineMs = this.#options.deadlineMs, signal, onLog, onWorker } = options
    const { graceMs, logLines } = this.#options
    return new Promise((resolve, reject) => {
      const cancelled = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1)
        waiting.refuse(fail('cancelled', { what: `${request.op} was cancelled before it began` }))
      }
      const waiting: Waiting = {
        signal,
        start: (worker) => {
          signal?.removeEventListener('abort', cancelled)
          onWorker?.(worker.pid)
          // The union of requests holds this one; TypeScript does not see that through the type parameter.
          const done = worker.run(request as LibxlRequest, { deadlineMs, graceMs, logLines, signal, onLog })
          resolve(done.finally(() => this.#nowIdle(worker)) as Promise<LibxlResultOf<Op>>)
        },
        refuse: (error) => {
          signal?.removeEventListener('abort', cancelled)
          reject(error)
        },
      }
      this.#queue.push(waiting)
      signal?.addEventListener('abort', cancelled, { once: true })
      if (signal?.aborted === true) cancelled()
      else if (this.#closed) this.#refuseAll(closedError())
      else this.#pump()
    })
  }

  workers(): readonly WorkerInfo[] {
    return [...this.#workers].map(({ pid, state, op, since }) => ({ pid, state, op, since }))
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#refuseAll(closedError())
    await Promise.all([...this.#workers].map((worker) => worker.leave(this.#options.graceMs)))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  expectWork(): void {
    if (!this.#closed && this.#workers.size === 0) this.#start()
  }

  keepWarm(): void {
    while (!this.#closed && !this.#discouraged && this.#workers.size < this.#options.warm) this.#start()
  }

  /** Gives waiting requests to idle workers, and starts workers for those that still wait. */
  #pump(): void {
    for (const worker of this.#inState('idle')) this.#queue.shift()?.start(worker)
    const room = this.#options.max - this.#workers.size
    const wanted = Math.min(room, this.#queue.length - this.#inState('starting').length)
    for (let started = 0; started < wanted; started += 1) this.#start()
  }

  #start(): void {
    const { workerFile, workerArguments, startMs, logLines } = this.#options
    const worker = startWorker({ file: workerFile, arguments: workerArguments, startMs, logLines })
    this.#workers.add(worker)
    worker.started.then(
      () => {
        this.#discouraged = false
        this.#nowIdle(worker)
      },
      (error: unknown) => this.#notStarted(error as TetrarchError),
    )
    void worker.gone.then(() => {
      this.#workers.delete(worker)
      this.keepWarm()
      if (!this.#closed && this.#queue.length > 0) this.#pump()
    })
  }

  // Without Xen nobody needs to wait. A worker that broke while starting fails one request, and the next one tries anew.
  #notStarted(error: TetrarchError): void {
    this.#discouraged = true
    if (error.code === 'xen-unavailable') this.#refuseAll(error)
    else this.#queue.shift()?.refuse(error)
  }

  #nowIdle(worker: Worker): void {
    this.#pump()
    const { since } = worker
    const { idleMs, warm, graceMs } = this.#options
    const leave = (): void => {
      const idleAllTheTime = worker.state === 'idle' && worker.since === since
      if (idleAllTheTime && this.#workers.size > warm) void worker.leave(graceMs)
    }
    if (worker.state === 'idle') setTimeout(leave, idleMs).unref()
  }

  #inState(state: WorkerState): Worker[] {
    return [...this.#workers].filter((worker) => worker.state === state)
  }

  #refuseAll(error: TetrarchError): void {
    for (const waiting of this.#queue.splice(0)) waiting.refuse(error)
  }
}

const closedError = (): TetrarchError => fail('cancelled', { what: 'tetrarchd is stopping' })
