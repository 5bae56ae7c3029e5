import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { endpoints } from '../../api/endpoints.ts'
import { asTetrarchError, fail } from '../../words/errors.ts'
import { type SocketAccess, admit } from './admit.ts'
import { createAnswer } from './answer.ts'
import { type AuditLog, audit } from './audit.ts'
import { callerOf } from './caller.ts'
import type { Reply, Services } from './handler.ts'
import { createConsoleHandler } from './handlers/console.ts'
import { sendProblem } from './respond.ts'

export interface DispatcherOptions extends Services {
  readonly log: Logger
  readonly audit: AuditLog
  /** Aborted when the daemon stops. */
  readonly closing: AbortSignal
}

/** Takes each request from its bytes to its handler and back. Neither function rejects. */
export interface Dispatcher {
  request(incoming: IncomingMessage, response: ServerResponse, access: SocketAccess): Promise<void>
  upgrade(incoming: IncomingMessage, socket: Socket, head: Buffer, access: SocketAccess): Promise<void>
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { log, audit: auditLog, closing } = options
  const { maxBodyBytes, stallMs } = options.config.http
  const answer = createAnswer(options, closing)
  const serveConsole = createConsoleHandler(options)

  function refuse(thrown: unknown, incoming: IncomingMessage, response: ServerResponse): string {
    const error = asTetrarchError(thrown)
    if (error.code === 'internal') log.error({ err: error.cause ?? error, target: incoming.url }, 'a request failed')
    if (response.headersSent) response.destroy()
    else sendProblem(response, error, stallMs)
    return error.code
  }

  return {
    async request(incoming, response, access) {
      const caller = callerOf(incoming.socket)
      let outcome: { readonly error: string | null; readonly task: string | null }
      try {
        const admitted = await admit(incoming, { access, maxBodyBytes, caller: caller.text })
        const reply = await answer(admitted, response, access)
        outcome = { error: null, task: taskIn(reply) }
      } catch (thrown) {
        outcome = { error: refuse(thrown, incoming, response), task: null }
      }
      if (incoming.method !== 'GET') audit(auditLog, incoming, caller, { status: response.statusCode, ...outcome })
    },

    async upgrade(incoming, socket, head, access) {
      const caller = callerOf(socket)
      // From here on nobody else listens for what goes wrong with this connection.
      socket.on('error', () => socket.destroy())
      try {
        const { route, request } = await admit(incoming, { access, maxBodyBytes: 0, caller: caller.text })
        if (endpoints[route].answer !== 'upgrade') throw notAConsole()
        const connection = { socket, head, closing }
        const { ended } = await serveConsole(request, connection)
        audit(auditLog, incoming, caller, { status: 101, error: null, task: null })
        await ended
      } catch (thrown) {
        const response = responseOver(incoming, socket)
        const error = refuse(thrown, incoming, response)
        audit(auditLog, incoming, caller, { status: response.statusCode, error, task: null })
      }
    },
  }
}

function taskIn(reply: Reply<unknown> | null): string | null {
  const value = reply?.value
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string' ? value.id : null
}

/** The answer to an upgrade request that is refused; Node makes none. */
function responseOver(incoming: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(incoming)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => socket.end())
  return response
}

const notAConsole = (): Error =>
  fail('usage', { what: 'this call cannot be upgraded', fix: 'remove the Upgrade header' })
