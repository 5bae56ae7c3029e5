import type { IncomingMessage } from 'node:http'
import { type RouteName, endpoints } from '../../api/endpoints.ts'
import { fail } from '../../words/errors.ts'
import { checkRequest, readTarget } from './check-request.ts'
import type { ApiRequest } from './handler.ts'
import { readBody } from './read-body.ts'
import { matchRoute } from './router.ts'

/** What a socket lets its clients do. */
export type SocketAccess = 'full' | 'read'

/** A request that was understood and may be served. */
export interface Admitted {
  readonly route: RouteName
  readonly request: ApiRequest<RouteName>
}

export interface AdmitOptions {
  readonly access: SocketAccess
  readonly maxBodyBytes: number
  readonly caller: string
}

/** Reads and checks a request. Throws `not-found`, `usage`, `too-large`, and `forbidden` before any body is read. */
export async function admit(
  incoming: IncomingMessage,
  { access, maxBodyBytes, caller }: AdmitOptions,
): Promise<Admitted> {
  const { method, pathname, query } = readTarget(incoming)
  const { route, params } = matchRoute(method, pathname)
  if (access === 'read' && endpoints[route].access === 'change') throw readOnly(`${method} ${pathname}`)
  const body = await readBody(incoming, maxBodyBytes)
  return { route, request: checkRequest(route, { params, query, body }, caller) }
}

const readOnly = (where: string): Error =>
  fail('forbidden', {
    what: 'this socket is only for looking',
    where,
    why: 'nothing can be changed through the read-only socket',
    fix: 'use tetrarchd.sock beside it; its group may do everything',
  })
