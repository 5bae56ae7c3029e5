import type { ServerResponse } from 'node:http'
import { CONSOLE_PROTOCOL, type RouteName } from '../../api/endpoints.ts'
import { fail } from '../../words/errors.ts'
import type { Admitted } from './admit.ts'
import type { ApiRequest, JsonHandlers, JsonRoute, Reply, Services, StreamHandlers, StreamRoute } from './handler.ts'
import { eventStreams } from './handlers/events.ts'
import { guestHandlers } from './handlers/guests.ts'
import { hostHandlers } from './handlers/host.ts'
import { taskHandlers, taskStreams } from './handlers/tasks.ts'
import { sendJson } from './respond.ts'
import { streamLines } from './stream-lines.ts'

/** Lets the route's handler answer; gives back what was sent, null for a stream, which has ended by then. */
export type Answer = (admitted: Admitted, response: ServerResponse) => Promise<Reply<unknown> | null>

/** `closing` is aborted when the daemon stops. */
export function createAnswer(services: Services, closing: AbortSignal): Answer {
  const { http, events } = services.config
  const json: JsonHandlers<JsonRoute> = {
    ...hostHandlers(services),
    ...guestHandlers(services),
    ...taskHandlers(services),
  }
  const streams: StreamHandlers<StreamRoute> = { ...taskStreams(services), ...eventStreams(services) }

  return async ({ route, request }, response) => {
    if (isIn(json, route)) {
      const reply = await (json[route] as JsonHandler)(request)
      response.shouldKeepAlive &&= !closing.aborted
      sendJson(response, reply.status, reply.value, { headers: { ...reply.headers }, stallMs: http.stallMs })
      return reply
    }
    if (!isIn(streams, route)) throw upgradeMissing()
    using ended = endOf(response, closing)
    const values = (streams[route] as StreamHandler)(request, ended.signal)
    const { heartbeatMs } = events
    await streamLines(response, values, { heartbeatMs, stallMs: http.stallMs, signal: ended.signal })
    return null
  }
}

// The request was checked by the schemas of its route, which TypeScript cannot follow through a table.
type JsonHandler = (request: ApiRequest<RouteName>) => Reply<unknown> | Promise<Reply<unknown>>
type StreamHandler = (request: ApiRequest<RouteName>, signal: AbortSignal) => AsyncIterable<unknown>

const isIn = <T extends object>(table: T, route: RouteName): route is RouteName & keyof T => Object.hasOwn(table, route)

/** Aborts when the client has gone or the daemon stops. */
function endOf(response: ServerResponse, closing: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const ended = new AbortController()
  const abort = () => ended.abort()
  response.once('close', abort)
  closing.addEventListener('abort', abort, { once: true })
  if (closing.aborted) abort()
  return { signal: ended.signal, [Symbol.dispose]: () => closing.removeEventListener('abort', abort) }
}

const upgradeMissing = (): Error =>
  fail('usage', {
    what: 'a console is no document',
    fix: `send "Connection: Upgrade" and "Upgrade: ${CONSOLE_PROTOCOL}"`,
  })
