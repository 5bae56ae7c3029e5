/**
 * The API on Unix sockets. Promises: every request gets an answer of the contract or a problem document; what comes in
 * is bounded in size and time; each change is logged with the process that asked for it.
 * Never: a decision about guests (guests/), or a route that is not in the contract (api/routes.ts).
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { CONSOLE_PROTOCOL } from '../../api/endpoints.ts'
import type { DaemonConfig } from '../../config/daemon-config.ts'
import type { AuditLog } from './audit.ts'
import { createDispatcher } from './dispatch.ts'
import type { Services } from './handler.ts'
import { type ListenTarget, listen } from './listen.ts'
import { limitPatience } from './patience.ts'
import { refuseGarbage } from './refuse-garbage.ts'

export interface HttpServer {
  /** Opens a socket. On a `read` socket nothing can be changed. */
  listen(access: 'full' | 'read', target: ListenTarget): Promise<void>
  /** Takes no more requests, ends streams and consoles, and gives running requests `http.drainMs` to end. */
  close(): Promise<void>
}

export interface HttpServerOptions extends Services {
  readonly log: Logger
  readonly audit: AuditLog
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { config, log } = options
  const servers: Server[] = []
  const closing = new AbortController()
  const dispatcher = createDispatcher({ ...options, closing: closing.signal })
  return {
    async listen(access, target) {
      const server = bareServer(config)
      server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        void dispatcher.request(request, response, access)
      })
      server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        if (socket instanceof Socket) void dispatcher.upgrade(request, socket, head, access)
        else socket.destroy()
      })
      const { groupMissing } = await listen(server, target)
      servers.push(server)
      if (groupMissing && 'group' in target)
        log.warn(
          { group: target.group, path: target.path },
          'the group of the socket does not exist: only root can use it',
        )
    },
    async close() {
      closing.abort()
      await Promise.all(servers.splice(0).map((server) => drain(server, config.http.drainMs)))
    },
  }
}

/** The longest that a timer of Node's can wait. */
const NEVER_MS = 2 ** 31 - 1

function bareServer({ http }: DaemonConfig): Server {
  const server = createServer({
    keepAliveTimeout: http.keepAliveMs,
    // Limits are kept by limitPatience.
    headersTimeout: 0,
    requestTimeout: 0,
    connectionsCheckingInterval: NEVER_MS,
    shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === CONSOLE_PROTOCOL,
  })
  server.maxConnections = http.maxConnections
  server.on('clientError', refuseGarbage)
  limitPatience(server, http)
  return server
}

async function drain(server: Server, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const impatient = setTimeout(() => server.closeAllConnections(), drainMs)
  await closed
  clearTimeout(impatient)
}
