import type { IncomingMessage } from 'node:http'
import type { Caller } from './caller.ts'

export interface Outcome {
  readonly status: number
  /** The error code of a refusal, null for what was done or begun. */
  readonly error: string | null
  /** The task that does it, null when none was made. */
  readonly task: string | null
}

/** A request that changes something, or would have: who asked (SO_PEERCRED), for what, and what came of it. */
export interface AuditEntry extends Outcome {
  readonly uid: number | null
  readonly gid: number | null
  readonly pid: number | null
  readonly method: string
  readonly target: string
}

/** Where audit entries go: the journal, or a log. */
export type AuditLog = (entry: AuditEntry, message: string) => void

/** Characters of the request's target that the log keeps. */
const MAX_TARGET = 300

export function audit(
  log: AuditLog,
  { method = '', url = '' }: IncomingMessage,
  caller: Caller,
  { status, error, task }: Outcome,
): void {
  const target = url.slice(0, MAX_TARGET)
  const { uid = null, gid = null, pid = null } = caller.credentials ?? {}
  const outcome = error === null ? `${status}` : `${status} ${error}`
  log({ uid, gid, pid, method, target, status, error, task }, `${caller.text}: ${method} ${target}: ${outcome}`)
}

/** An entry as fields of the journal: `journalctl TETRARCH_AUDIT=1 TETRARCH_UID=1000`. */
export const auditFields = (entry: AuditEntry, message: string): Record<string, string> => ({
  MESSAGE: message,
  // LOG_NOTICE
  PRIORITY: '5',
  SYSLOG_IDENTIFIER: 'tetrarchd',
  TETRARCH_AUDIT: '1',
  ...Object.fromEntries(
    Object.entries(entry)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [`TETRARCH_${name.toUpperCase()}`, String(value)]),
  ),
})
