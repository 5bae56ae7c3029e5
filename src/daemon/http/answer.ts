import type { ServerResponse } from 'node:http'
import { CONSOLE_PROTOCOL, type Endpoint, METRICS_TYPE, type RouteName, endpoints } from '../../api/endpoints.ts'
import { fail } from '../../words/errors.ts'
import type { Admitted, SocketAccess } from './admit.ts'
import type {
  ApiRequest,
  JsonHandlers,
  JsonRoute,
  Reply,
  Services,
  StreamHandlers,
  StreamRoute,
  TextHandlers,
  TextRoute,
} from './handler.ts'
import { definitionHandlers } from './handlers/definitions.ts'
import { entityTag, isAmong } from './entity-tag.ts'
import { eventStreams } from './handlers/events.ts'
import { guestHandlers, guestStreams } from './handlers/guests.ts'
import { hostHandlers } from './handlers/host.ts'
import { taskHandlers, taskStreams } from './handlers/tasks.ts'
import { metricsHandlers, usageHandlers } from './handlers/usage.ts'
import { redact } from './redact.ts'
import { jsonText, sendJson, sendText } from './respond.ts'
import { streamLines } from './stream-lines.ts'

/** Lets the route's handler answer; gives back what was sent, null for a text, and for a stream, which has ended by then. */
export type Answer = (
  admitted: Admitted,
  response: ServerResponse,
  access: SocketAccess,
) => Promise<Reply<unknown> | null>

/** `closing` is aborted when the daemon stops. */
export function createAnswer(services: Services, closing: AbortSignal): Answer {
  const { http, events } = services.config
  const json: JsonHandlers<JsonRoute> = {
    ...hostHandlers(services),
    ...guestHandlers(services),
    ...definitionHandlers(services),
    ...taskHandlers(services),
    ...usageHandlers(services),
  }
  const texts: TextHandlers<TextRoute> = metricsHandlers(services)
  const streams: StreamHandlers<StreamRoute> = {
    ...taskStreams(services),
    ...eventStreams(services),
    ...guestStreams(services),
  }

  return async ({ route, request }, response, access) => {
    const shown = access === 'read' ? redact : (value: unknown) => value
    if (isIn(json, route)) {
      const reply = await (json[route] as JsonHandler)(request)
      response.shouldKeepAlive &&= !closing.aborted
      sendReply(response, route, { ...reply, value: shown(reply.value) }, http.stallMs)
      return reply
    }
    if (isIn(texts, route)) {
      const text = await texts[route](request)
      response.shouldKeepAlive &&= !closing.aborted
      sendText(response, text, { type: METRICS_TYPE, stallMs: http.stallMs })
      return null
    }
    if (!isIn(streams, route)) throw upgradeMissing()
    using ended = endOf(response, closing)
    const values = (streams[route] as StreamHandler)(request, ended.signal)
    const { heartbeatMs } = events
    await streamLines(response, mapped(values, shown), { heartbeatMs, stallMs: http.stallMs, signal: ended.signal })
    return null
  }
}

async function* mapped(values: AsyncIterable<unknown>, shown: (value: unknown) => unknown): AsyncIterable<unknown> {
  for await (const value of values) yield shown(value)
}

function sendReply(response: ServerResponse, route: RouteName, reply: Reply<unknown>, stallMs: number): void {
  const { status, value, headers } = reply
  const { tagged }: Endpoint = endpoints[route]
  const text = jsonText(value)
  const etag = tagged === true ? entityTag(text) : null
  const all = { ...headers, ...(etag !== null && { etag }) }
  if (etag !== null && isAmong(etag, response.req.headers['if-none-match'])) response.writeHead(304, all).end()
  else sendJson(response, status, text, { headers: all, stallMs })
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
