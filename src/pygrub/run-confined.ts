import { spawn } from 'node:child_process'
import { type Readable } from 'node:stream'
import { type ConfinedCommand } from './confinement.ts'

export interface ConfinedRun {
  /** Text for the program's standard input. */
  readonly input: string
  /** Descriptors of ours that become 4, 5, … in the program; 3 is its answer. */
  readonly descriptors: readonly number[]
  /** Milliseconds after which it is killed. */
  readonly wallMs: number
  /** Bytes of its answer; a longer one kills it. */
  readonly maxAnswerBytes: number
  readonly signal?: AbortSignal | undefined
}

export interface ConfinedEnd {
  readonly answer: string
  /** Its last words, bounded. */
  readonly stderr: string
  /** Why it did not end by itself in order; null when it did. */
  readonly stopped: 'deadline' | 'cancelled' | 'too much output' | `signal ${string}` | `exit code ${number}` | null
}

/** unshare(1) tries to end as its child did, which nobody can by SIGKILL: the kernel sends that at the end of CPU time or memory. */
const UNSHARE_OF_A_KILLED = 'sigprocmask unblock failed'
const MAX_STDERR_BYTES = 16 * 1024

/** Runs a confined program to its end. Rejects only if it cannot be started. */
export async function runConfined(command: ConfinedCommand, run: ConfinedRun): Promise<ConfinedEnd> {
  const child = spawn(command.file, command.args, {
    stdio: ['pipe', 'ignore', 'pipe', 'pipe', ...run.descriptors],
    // A process group of its own: the programs of the command line die together.
    detached: true,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', UV_THREADPOOL_SIZE: '1' },
    cwd: '/',
  })
  const end: { stopped: ConfinedEnd['stopped'] } = { stopped: null }
  const stop = (why: NonNullable<ConfinedEnd['stopped']>): void => {
    end.stopped ??= why
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL')
  }
  const deadline = setTimeout(() => stop('deadline'), run.wallMs)
  const cancel = (): void => stop('cancelled')
  run.signal?.addEventListener('abort', cancel)
  if (run.signal?.aborted === true) cancel()
  try {
    const answer = collect(child.stdio[3] as Readable, run.maxAnswerBytes, () => stop('too much output'))
    const stderr = collect(child.stdio[2] as Readable, MAX_STDERR_BYTES, () => undefined)
    // A program that dies before it reads its task breaks this pipe; how it ended says more.
    child.stdin?.on('error', () => undefined).end(run.input)
    const ended = await new Promise<ConfinedEnd['stopped']>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code: number | null, signal) => resolve(endOf(code, signal)))
    })
    const words = stderr()
    const wasKilled = words.includes(UNSHARE_OF_A_KILLED)
    return { answer: answer(), stderr: words, stopped: end.stopped ?? (wasKilled ? 'signal SIGKILL' : ended) }
  } finally {
    clearTimeout(deadline)
    run.signal?.removeEventListener('abort', cancel)
  }
}

function endOf(code: number | null, signal: string | null): ConfinedEnd['stopped'] {
  if (code === 0) return null
  return signal === null ? `exit code ${code ?? -1}` : `signal ${signal}`
}

/** Gathers a stream's text up to a limit; what is beyond is dropped and reported once. */
function collect(stream: Readable, maxBytes: number, passed: () => void): () => string {
  const chunks: Buffer[] = []
  let length = 0
  stream.on('data', (chunk: Buffer) => {
    if (length + chunk.length > maxBytes) {
      passed()
      return
    }
    length += chunk.length
    chunks.push(chunk)
  })
  return () => Buffer.concat(chunks).toString('utf8')
}
