import { Agent, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { fail } from '../words/errors.ts'
import { type Endpoint, PROBLEM_TYPE, type RouteName, endpoints } from './endpoints.ts'
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

/** Requests over one socket path, with connections kept for the next request. */
export class Transport implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 4 })
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** Sends a request; the caller listens for `response`, `upgrade` and `error`. */
  open(route: RouteName, sent: Sent, headers: OutgoingHttpHeaders = {}): ClientRequest {
    const { method, answerMs: usual = 30_000 }: Endpoint = endpoints[route]
    const { socketPath, answerMs = usual } = this.#options
    const body = sent.body === undefined ? undefined : JSON.stringify(sent.body)
    const length =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const target = { socketPath, agent: this.#agent, method, path: targetOf(route, sent) }
    const sending = request({ ...target, headers: { ...headers, ...length } })
    const waitMs = Number(sent.query?.['wait'] ?? 0)
    const silence = setTimeout(() => sending.destroy(timeout()), waitMs + answerMs)
    for (const answered of ['response', 'upgrade', 'close']) sending.once(answered, () => clearTimeout(silence))
    sending.end(body)
    return sending
  }

  /** The answer to a request, its body still unread. Throws `daemon-unreachable` or `forbidden`. */
  respond(route: RouteName, sent: Sent): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const sending = this.open(route, sent)
    sending.once('response', resolve)
    sending.once('error', (error) => {
      // The daemon closed an idle connection in the moment in which it was used again; nothing was done yet.
      const raced = sending.reusedSocket && endpoints[route].method === 'GET' && isReset(error)
      if (raced) this.respond(route, sent).then(resolve, reject)
      else reject(this.unreachable(error))
    })
    return promise
  }

  /** The value of an answer. Throws what the daemon says went wrong. */
  async read(response: IncomingMessage): Promise<unknown> {
    const text = await this.#text(response)
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      throw this.stranger()
    }
    if (response.headers['content-type'] === PROBLEM_TYPE) throw fromProblem(value as Problem)
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
    this.#agent.destroy()
  }

  async #text(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
    } catch (error) {
      throw this.unreachable(error)
    }
    return Buffer.concat(chunks).toString('utf8')
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

const timeout = (): Error => Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
