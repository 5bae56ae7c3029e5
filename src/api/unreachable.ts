import { statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { type TetrarchError, fail } from '../words/errors.ts'
import { groupOf } from './accounts.ts'

/** Why the daemon does not answer on its socket, from what the system said, with what to do about it. */
export function unreachable(socketPath: string, cause: unknown): TetrarchError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const { why, fix } = (reasons[code] ?? otherwise)(socketPath, cause)
  const parts = { what: 'cannot reach the daemon', where: socketPath, why, fix }
  return fail(code === 'EACCES' ? 'forbidden' : 'daemon-unreachable', parts, { cause })
}

interface Reason {
  readonly why: string
  readonly fix: string
}
type Explain = (socketPath: string, cause: unknown) => Reason

const LOOK = 'systemctl status tetrarchd, journalctl -u tetrarchd'

const reasons: Readonly<Record<string, Explain>> = {
  ENOENT: () => ({ why: 'there is no such socket: the service is not running', fix: 'systemctl start tetrarchd' }),
  ECONNREFUSED: () => ({
    why: 'the socket is there and nobody listens: the daemon has stopped',
    fix: 'systemctl restart tetrarchd.socket tetrarchd',
  }),
  EACCES: notAllowed,
  ECONNRESET: refused,
  EPIPE: refused,
  EAGAIN: refused,
  ETIMEDOUT: () => ({ why: 'it accepted the connection and does not answer', fix: LOOK }),
}

function refused(): Reason {
  return {
    why: 'the daemon takes no more connections or closed this one: it restarts, or has too many clients',
    fix: `try again; ${LOOK}`,
  }
}

const otherwise: Explain = (_path, cause) => ({
  why: cause instanceof Error ? cause.message : String(cause),
  fix: LOOK,
})

/** The user must be in the group of the socket; which one that is stands in the socket itself. */
function notAllowed(socketPath: string): Reason {
  const user = userName()
  const group = groupOfSocket(socketPath)
  if (group === null || group === 'root')
    return { why: `user "${user}" may not open it, only root may`, fix: 'run it as root, or with sudo' }
  return {
    why: `user "${user}" is not in group "${group}"`,
    fix: `sudo usermod -aG ${group} ${user}, then log in again; or run it as root`,
  }
}

function groupOfSocket(socketPath: string): string | null {
  for (const path of [socketPath, dirname(socketPath)]) {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat !== undefined) return groupOf(stat.gid)?.name ?? String(stat.gid)
  }
  return null
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user id without an entry in /etc/passwd.
    return String(process.getuid?.() ?? 'unknown')
  }
}
