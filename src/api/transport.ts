import type { Readable } from 'node:stream'
import { fail } from '../words/errors.ts'
import { type Endpoint, PROBLEM_TYPE, type RouteName, endpoints } from './endpoints.ts'
import { Connection } from './http/connection.ts'
import type { Answer } from './http/exchange.ts'
import { type Problem, fromProblem } from './problem.ts'
import { unreachable } from './unreachable.ts'

export interface ClientOptions {
  readonly socketPath: string
  /** How long the daemon may take to begin an answer, besides what the call waits for. Milliseconds, default 30 000. */
  readonly answerMs?: number
}

/** A call without its types. */
export interface Sent {
  readonly params?: Readonly<Record<string, string>> | undefined
  readonly query?: Readonly<Record<string, unknown>> | undefined
  readonly body?: unknown
}

/** Connections that are kept for the next request. */
const MAX_IDLE = 4

/** Requests over one socket path. */
export class Transport implements Disposable {
  readonly #idle: Connection[] = []
  readonly #all = new Set<Connection>()
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** The answer to a request, its body still unread. Throws `daemon-unreachable` or `forbidden`. */
  async respond(route: RouteName, sent: Sent, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { method, answerMs: usual = 30_000 }: Endpoint = endpoints[route]
    const { socketPath, answerMs = usual } = this.#options
    const body = sent.body === undefined ? undefined : JSON.stringify(sent.body)
    const asked = {
      ...{ method, target: targetOf(route, sent), body },
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      answerMs: Number(sent.query?.['wait'] ?? 0) + answerMs,
    }
    const connection = this.#idleConnection() ?? new Connection(socketPath)
    this.#all.add(connection)
    try {
      return await connection.ask(asked, () => this.#keep(connection))
    } catch (error) {
      this.#all.delete(connection)
      // The daemon closed an idle connection in the moment in which it was used again; nothing was done yet.
      const raced = connection.wasUsed && method === 'GET' && isReset(error)
      if (raced) return await this.respond(route, sent, headers)
      throw this.unreachable(error)
    }
  }

  /** The value of an answer. Throws what the daemon says went wrong. */
  async read({ headers, body }: Answer): Promise<unknown> {
    const text = await this.#text(body)
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      throw this.stranger()
    }
    if (headers.get('content-type') === PROBLEM_TYPE) throw fromProblem(value as Problem)
    return value
  }

  /** The error for a connection that failed. */
  unreachable(cause: unknown): Error {
    return unreachable(this.#options.socketPath, cause)
  }

  /** The error for an answer that tetrarchd does not give. */
  stranger(): Error {
    return fail('daemon-unreachable', {
      what: 'what answers is not tetrarchd',
      where: this.#options.socketPath,
      fix: 'give the socket of tetrarchd with --socket',
    })
  }

  [Symbol.dispose](): void {
    for (const connection of this.#all) connection.destroy()
  }

  #idleConnection(): Connection | undefined {
    for (let kept = this.#idle.pop(); kept !== undefined; kept = this.#idle.pop()) {
      if (kept.isOpen) return kept
      this.#all.delete(kept)
    }
    return undefined
  }

  #keep(connection: Connection): void {
    if (this.#idle.length < MAX_IDLE) this.#idle.push(connection)
    else {
      this.#all.delete(connection)
      connection.destroy()
    }
  }

  /** By events: an iterator over a stream would take a tenth of the start of the CLI. */
  #text(body: Readable): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const chunks: Buffer[] = []
    body.on('data', (chunk: Buffer) => chunks.push(chunk))
    body.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    body.once('error', (error) => reject(this.unreachable(error)))
    return promise
  }
}

function targetOf(route: RouteName, { params = {}, query = {} }: Sent): string {
  const path = endpoints[route].path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === 'string' || typeof value === 'number') search.set(name, `${value}`)
  }
  return search.size === 0 ? path : `${path}?${search.toString()}`
}

const isReset = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ECONNRESET'
