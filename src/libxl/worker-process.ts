/**
 * One libxl worker process, as its parent sees it.
 *
 *   starting ──ready──▶ idle ──run──▶ busy ──answer──▶ idle ──leave──▶ stopping ──exit──▶ (gone)
 *      └── unavailable, exit, too slow ──▶ (gone) ◀── crash, or killed after an abort that took too long ──┘
 *
 * A worker leads its own process group, so that a dead one's forked children can be ended with it. What libxl starts for good
 * (QEMU) has a session of its own and lives on.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { TetrarchError, fail } from '../words/errors.ts'
import type { LibxlOp, LibxlRequest } from './requests.ts'
import { RunningOperation } from './running-operation.ts'
import type { OperationLimits } from './running-operation.ts'
import { WorkerLog, lineSplitter, logLine } from './worker-log.ts'
import { LOG_FD } from './worker-protocol.ts'
import type { FromWorker, ToWorker } from './worker-protocol.ts'

export type WorkerState = 'starting' | 'idle' | 'busy' | 'stopping'

export interface Worker {
  readonly pid: number
  readonly state: WorkerState
  /** What it is at, null when nothing. */
  readonly op: LibxlOp | null
  /** When it came into this state, milliseconds since the epoch. */
  readonly since: number
  /** Rejects with a TetrarchError when it cannot serve. */
  readonly started: Promise<void>
  readonly gone: Promise<void>
  /** Only when idle. */
  run(request: LibxlRequest, limits: OperationLimits): Promise<unknown>
  /** Aborts what it is at, and ends it: by asking, and after the grace by force. */
  leave(graceMs: number): Promise<void>
}

interface WorkerOptions {
  readonly file: string
  readonly arguments: readonly string[]
  readonly startMs: number
  /** How many lines of what it wrote an error about its start shows. */
  readonly logLines: number
}

/** A libxl worker's JavaScript is small: its memory is libxl's. */
const NODE_OPTIONS = ['--max-old-space-size=64', '--max-semi-space-size=1', '--v8-pool-size=1']
/** libxl runs hotplug scripts and QEMU with this environment. libuv's pool must hold an operation and its abort. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  UV_THREADPOOL_SIZE: '16',
  MALLOC_ARENA_MAX: '2',
}
/** Grandchildren can hold the log open, so its end is not waited for longer than this. */
const LAST_LINES_MS = 250

export function startWorker(options: WorkerOptions): Worker {
  const child = spawn(process.execPath, [...NODE_OPTIONS, options.file, ...options.arguments], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
    detached: true,
    cwd: '/',
    env: ENVIRONMENT,
  })
  return new WorkerProcess(child, options)
}

class WorkerProcess implements Worker {
  readonly pid: number
  readonly started: Promise<void>
  readonly gone: Promise<void>
  readonly #child: ChildProcess
  readonly #startLog: WorkerLog
  readonly #startOutcome = Promise.withResolvers<undefined>()
  #state: WorkerState = 'starting'
  #since = Date.now()
  #operation: RunningOperation | null = null
  #lastId = 0

  constructor(child: ChildProcess, { startMs, logLines }: WorkerOptions) {
    this.#startLog = new WorkerLog(logLines)
    this.#child = child
    this.pid = child.pid ?? 0
    this.started = this.#startOutcome.promise
    const logs = [child.stderr, child.stdio[LOG_FD]].map((stream) => this.#readLog(stream as Readable))
    child.on('message', (message) => this.#receive(message as FromWorker))
    const tooSlow = setTimeout(() => this.#kill(), startMs)
    void this.started.catch(() => undefined).finally(() => clearTimeout(tooSlow))
    this.gone = this.#exit(logs)
  }

  get state(): WorkerState {
    return this.#state
  }
  get since(): number {
    return this.#since
  }
  get op(): LibxlOp | null {
    return this.#operation?.request.op ?? null
  }

  async run(request: LibxlRequest, limits: OperationLimits): Promise<unknown> {
    const id = ++this.#lastId
    const operation = new RunningOperation(id, request, limits, {
      abort: () => this.#send({ type: 'abort', id }),
      kill: () => this.#kill(),
    })
    this.#operation = operation
    this.#enter('busy')
    this.#send({ type: 'run', id, request })
    try {
      return await operation.outcome
    } finally {
      this.#operation = null
      if (this.#state === 'busy') this.#enter('idle')
    }
  }

  async leave(graceMs: number): Promise<void> {
    const force = setTimeout(() => this.#kill(), graceMs)
    const outcome = this.#operation?.outcome
    if (outcome !== undefined) {
      this.#operation?.stop('cancelled')
      await outcome.catch(() => undefined)
    }
    this.#enter('stopping')
    this.#send({ type: 'leave' })
    await this.gone
    clearTimeout(force)
  }

  #enter(state: WorkerState): void {
    this.#state = state
    this.#since = Date.now()
  }

  #send(message: ToWorker): void {
    // A worker that is gone cannot be told anything; its exit tells us.
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  #receive(message: FromWorker): void {
    if (message.type === 'ready') {
      this.#enter('idle')
      this.#startOutcome.resolve(undefined)
    } else if (message.type === 'unavailable') {
      this.#enter('stopping')
      this.#startOutcome.reject(new TetrarchError(message.error.code, message.error.parts))
    } else this.#operation?.answer(message)
  }

  #readLog(stream: Readable): Promise<unknown> {
    const onLine = (text: string): void => {
      if (this.#operation?.isEndOfLog(text) === true) this.#operation.endLog()
      else if (this.#operation !== null) this.#operation.log(logLine(text))
      else this.#startLog.add(logLine(text))
    }
    stream.setEncoding('utf8').on('data', lineSplitter(onLine))
    stream.on('error', () => undefined)
    return once(stream, 'close')
  }

  async #exit(logs: readonly Promise<unknown>[]): Promise<void> {
    const how = await exitOf(this.#child)
    this.#killGroup(how)
    await Promise.race([Promise.all(logs), delay(LAST_LINES_MS)])
    this.#startOutcome.reject(notStarted(how, this.#startLog))
    this.#operation?.workerGone(how)
    this.#enter('stopping')
  }

  #kill(): void {
    this.#enter('stopping')
    this.#child.kill('SIGKILL')
    signalGroup(this.pid)
  }

  // A worker that left by itself has no unfinished children; a crashed one can have left some that hold libxl's locks.
  #killGroup(how: string): void {
    if (how !== LEFT_BY_ITSELF) signalGroup(this.pid)
  }
}

const LEFT_BY_ITSELF = 'exit status 0'

async function exitOf(child: ChildProcess): Promise<string> {
  try {
    const [status, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return signal ?? `exit status ${status ?? 'unknown'}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function signalGroup(leader: number): void {
  // 0 would be our own group: the process was never there.
  if (leader === 0) return
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // ESRCH: nobody of the group is left, which is what was wanted.
  }
}

const notStarted = (how: string, log: WorkerLog): TetrarchError =>
  fail('worker-died', { what: 'a libxl worker could not start', why: how, evidence: log.last() })
