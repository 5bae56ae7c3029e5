import type { Socket } from 'node:net'
import { userOf } from '../../api/accounts.ts'
import { type PeerCredentials, peerCredentials } from '../../libxl/peer-credentials.ts'

/** Who sent a request, for the audit log and for tasks. */
export interface Caller {
  readonly credentials: PeerCredentials | null
  /** `root, process 812`. */
  readonly text: string
}

const callers = new WeakMap<Socket, Caller>()

/** Who is at the other end of a connection; asked of the kernel once for each. */
export function callerOf(socket: Socket): Caller {
  const known = callers.get(socket)
  if (known !== undefined) return known
  const fd = descriptorOf(socket)
  const credentials = fd === null ? null : peerCredentials(fd)
  const caller = { credentials, text: describe(credentials) }
  callers.set(socket, caller)
  return caller
}

function describe(credentials: PeerCredentials | null): string {
  if (credentials === null) return 'unknown'
  const { uid, pid } = credentials
  return `${userOf(uid)?.name ?? `uid ${uid}`}, process ${pid}`
}

/** The descriptor of a connection, null when it is closed. Node does not publish it; this is the one place that knows where it is. */
function descriptorOf(socket: Socket): number | null {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null) return null
  const fd: unknown = Reflect.get(handle, 'fd')
  return typeof fd === 'number' && fd >= 0 ? fd : null
}
