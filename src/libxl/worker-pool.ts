/**
 * The libxl workers as the daemon sees them: requests go in, results or errors come out. The pool starts, watches and
 * kills worker processes; it never loads libxenlight, so no fault of libxl reaches the daemon.
 */
import type { LibxlOp, LibxlRequestOf, LibxlResultOf } from './requests.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
/** A line that libxl, or something it started, wrote. Untrusted text. */
export interface LogLine {
  readonly level: LogLevel
  readonly text: string
}

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
  readonly state: 'starting' | 'idle' | 'busy' | 'stopping'
  /** The operation it serves, null when none. */
  readonly op: LibxlOp | null
  /** When it came into this state, milliseconds since the epoch. */
  readonly since: number
}

export interface LibxlPoolOptions {
  /** The worker's entry file. Default: worker.ts beside this file. */
  readonly workerFile?: string
  /** Workers kept ready. Default 1. */
  readonly warm?: number
  /** Workers at most, so operations at the same time at most; further requests wait. Default 6. */
  readonly max?: number
  /** A worker above the warm count leaves after so long without work. Default 30 000. */
  readonly idleMs?: number
  /** Deadline of an operation that gives none. Default 300 000. */
  readonly deadlineMs?: number
  /** How long an aborted operation may take to undo itself before its worker is killed. Default 20 000. */
  readonly graceMs?: number
  /** How long a worker may take to start. Default 30 000. */
  readonly startMs?: number
}

export interface LibxlPool extends AsyncDisposable {
  /**
   * Runs one operation. Rejects with a TetrarchError: `libxl-failed` (libxl's error lines as evidence),
   * `worker-died`, `deadline`, `cancelled`, `xen-unavailable`. After `worker-died`, and after `deadline` or `cancelled` that
   * say the worker was killed, what a create had built is still there: destroy the domain of that uuid.
   */
  run<Op extends LibxlOp>(request: LibxlRequestOf<Op>, options?: RunOptions): Promise<LibxlResultOf<Op>>
  workers(): readonly WorkerInfo[]
  /** Aborts what runs, then ends all workers. */
  close(): Promise<void>
}

export declare function createLibxlPool(options?: LibxlPoolOptions): LibxlPool
