/**
 * Ends connections whose request does not arrive in time. Node's own limits look at all connections by a clock that also
 * goes while there are none; here a clock goes only while a request is awaited.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

export interface Patience {
  /** For a connection's first headers to arrive. */
  readonly headersMs: number
  /** For the rest of a request, once its headers are there. */
  readonly requestMs: number
  /** How long a connection may idle between two requests. */
  readonly keepAliveMs: number
}

/** As Node calls it, whose parser reports other faults of a client by the same event. */
const TOO_LATE = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

export function limitPatience(server: Server, { headersMs, requestMs, keepAliveMs }: Patience): void {
  const clocks = new WeakMap<Duplex, NodeJS.Timeout>()
  const stop = (socket: Duplex): void => clearTimeout(clocks.get(socket))
  const expect = (socket: Duplex, ms: number): void => {
    stop(socket)
    clocks.set(
      socket,
      setTimeout(() => server.emit('clientError', TOO_LATE, socket), ms),
    )
  }
  server.on('connection', (socket: Duplex) => {
    expect(socket, headersMs)
    socket.once('close', () => stop(socket))
  })
  server.on('request', (request: IncomingMessage, response) => {
    const { socket } = request
    if (hasBody(request)) {
      expect(socket, requestMs)
      request.once('end', () => stop(socket))
    } else stop(socket)
    response.once('finish', () => {
      if (!socket.destroyed) expect(socket, keepAliveMs + headersMs)
    })
  })
  server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => stop(socket))
}
