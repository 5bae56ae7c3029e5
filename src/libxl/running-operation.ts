/**
 * One operation in a worker, from its parent's side: its deadline, its cancellation, its log and its outcome.
 *
 *   running ──answer──▶ settled
 *      │ deadline, cancel: abort ──▶ aborting ──answer──▶ settled (deadline or cancelled)
 *      │                                │ grace over: kill ──exit──▶ settled (deadline or cancelled, remains left)
 *      └── exit ──▶ settled (worker-died)
 */
import { TetrarchError, fail } from '../words/errors.ts'
import type { LibxlRequest } from './requests.ts'
import { WorkerLog } from './worker-log.ts'
import type { LogLine } from './worker-log.ts'
import { endOfLog } from './worker-protocol.ts'
import type { FromWorker, WireError } from './worker-protocol.ts'

export interface OperationLimits {
  readonly deadlineMs: number
  /** How long the worker may take to answer once it was told to abort. */
  readonly graceMs: number
  readonly signal: AbortSignal | undefined
  /** How many lines of libxl's log an error shows. */
  readonly logLines: number
  readonly onLog: ((line: LogLine) => void) | undefined
}

interface WorkerControl {
  abort(): void
  kill(): void
}

type Answer = Extract<FromWorker, { readonly type: 'done' | 'failed' }>
type StopReason = 'deadline' | 'cancelled'

/** The last lines come right before the answer, on another way; this is for a log that is held up. */
const LAST_LINES_MS = 1000
/** A killed process is gone at once, unless the kernel holds it; then its requester is not held as well. */
const KILL_MS = 5000

export class RunningOperation {
  readonly request: LibxlRequest
  readonly outcome: Promise<unknown>
  readonly #id: number
  readonly #limits: OperationLimits
  readonly #control: WorkerControl
  readonly #log: WorkerLog
  readonly #settle = Promise.withResolvers<unknown>()
  readonly #logEnded = Promise.withResolvers<undefined>()
  readonly #timers: NodeJS.Timeout[] = []
  /** Why it was told to stop, and what it was at then. */
  #stop: { readonly reason: StopReason; readonly evidence: readonly string[] } | null = null

  constructor(id: number, request: LibxlRequest, limits: OperationLimits, control: WorkerControl) {
    this.#id = id
    this.request = request
    this.#limits = limits
    this.#control = control
    this.#log = new WorkerLog(limits.logLines)
    const cancel = (): void => this.stop('cancelled')
    this.#after(limits.deadlineMs, () => this.stop('deadline'))
    limits.signal?.addEventListener('abort', cancel)
    this.outcome = this.#settle.promise.finally(() => {
      limits.signal?.removeEventListener('abort', cancel)
      this.#timers.forEach(clearTimeout)
    })
  }

  log(line: LogLine): void {
    this.#log.add(line)
    this.#limits.onLog?.(line)
  }

  isEndOfLog(text: string): boolean {
    return text === endOfLog(this.#id)
  }

  endLog(): void {
    this.#logEnded.resolve(undefined)
  }

  /** Has the worker undo it. Its answer, or its end, still settles the outcome. */
  stop(reason: StopReason): void {
    if (this.#stop !== null) return
    this.#stop = { reason, evidence: this.#log.last() }
    this.#control.abort()
    this.#after(this.#limits.graceMs, () => {
      this.#after(KILL_MS, () => this.workerGone('SIGKILL, and the kernel still holds it'))
      this.#control.kill()
    })
  }

  answer(answer: Answer): void {
    if (answer.id !== this.#id) return
    this.#after(LAST_LINES_MS, () => this.endLog())
    void this.#logEnded.promise.then(() => {
      if (answer.type === 'done') this.#settle.resolve(answer.result)
      else this.#settle.reject(this.#failure(answer.error))
    })
  }

  workerGone(how: string): void {
    const { op } = this.request
    const died = fail('worker-died', {
      what: `the libxl worker died during ${op}`,
      why: how,
      evidence: this.#log.last(),
    })
    const why = 'it did not stop when asked, so its libxl worker was killed; what it had made may still be there'
    this.#settle.reject(this.#stopped(why, died) ?? died)
  }

  #failure({ code, parts }: WireError): TetrarchError {
    const evidence = code === 'libxl-failed' ? this.#log.complaints() : undefined
    const failure = new TetrarchError(code, evidence === undefined ? parts : { ...parts, evidence })
    const why = `its libxl worker stopped it: ${failure.message}${parts.why === undefined ? '' : `: ${parts.why}`}`
    return this.#stopped(why, failure) ?? failure
  }

  /** The error of an operation that was told to stop; null when it was not. */
  #stopped(why: string, cause: TetrarchError): TetrarchError | null {
    if (this.#stop === null) return null
    const { reason, evidence } = this.#stop
    const end = reason === 'deadline' ? `took longer than ${this.#limits.deadlineMs} ms` : 'was cancelled'
    return fail(reason, { what: `${this.request.op} ${end}`, why, evidence }, { cause })
  }

  #after(ms: number, then: () => void): void {
    this.#timers.push(setTimeout(then, ms))
  }
}
