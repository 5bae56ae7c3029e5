import type { IncomingMessage } from 'node:http'
import type { Logger } from 'pino'
import type { Caller } from './caller.ts'

export interface Outcome {
  readonly status: number
  /** The error code of a refusal, null for what was done or begun. */
  readonly error: string | null
  /** The task that does it, null when none was made. */
  readonly task: string | null
}

/** Characters of the request's target that the log keeps. */
const MAX_TARGET = 300

/** Logs a request that changes something, or would have: who asked, for what, and what came of it. */
export function audit(
  log: Logger,
  { method = '', url = '' }: IncomingMessage,
  caller: Caller,
  { status, error, task }: Outcome,
): void {
  const target = url.slice(0, MAX_TARGET)
  const { uid = null, gid = null, pid = null } = caller.credentials ?? {}
  const outcome = error === null ? `${status}` : `${status} ${error}`
  log.info(
    { audit: true, uid, gid, pid, method, target, status, error, task },
    `${caller.text}: ${method} ${target}: ${outcome}`,
  )
}
