/**
 * A client of the API, typed by the route table. It trusts the daemon: answers are not checked again, so that no schema
 * library is loaded. Every failure is a TetrarchError, the daemon's own or `daemon-unreachable`.
 */
import type { Socket } from 'node:net'
import type { z } from 'zod'
import { CONSOLE_INPUT_HEADER, CONSOLE_PROTOCOL, type RouteName } from './endpoints.ts'
import { readLines } from './lines.ts'
import type { Routes } from './routes.ts'
import { type ClientOptions, Transport } from './transport.ts'

type RouteAnswering<A> = { [R in RouteName]: Routes[R]['answer'] extends A ? R : never }[RouteName]
type JsonRoute = RouteAnswering<'json'>
type StreamRoute = RouteAnswering<'ndjson'>
type Value<R extends RouteName> = z.output<Routes[R]['response']>

// A schema without fields gives a record of nothing, whose keys are all texts.
type ParamsOf<P> = string extends keyof P ? { readonly params?: undefined } : { readonly params: P }
type BodyOf<B> = B extends z.ZodType ? { readonly body: z.input<B> } : { readonly body?: undefined }

/** What a call is given: the parameters of its path, its query, and its body where it has one. */
export type Call<R extends RouteName> = ParamsOf<z.output<Routes[R]['params']>> &
  BodyOf<Routes[R]['body']> & { readonly query?: Partial<z.output<Routes[R]['query']>> }

export interface ConsoleConnection {
  readonly socket: Socket
  /** What came together with the answer, before the socket's first data. */
  readonly head: Buffer
  /** Whether what is written reaches the guest. */
  readonly writes: boolean
}

export interface Client extends Disposable {
  call<R extends JsonRoute>(route: R, call: Call<R>): Promise<Value<R>>
  /** Values as they come, until the daemon ends the stream or the signal. */
  stream<R extends StreamRoute>(route: R, call: Call<R>, signal?: AbortSignal): AsyncIterable<Value<R>>
  console(guest: string, input: 'take' | 'if-free' | 'none'): Promise<ConsoleConnection>
}

export function createClient(options: ClientOptions): Client {
  const transport = new Transport(options)
  return {
    async call<R extends JsonRoute>(route: R, call: Call<R>) {
      return (await transport.read(await transport.respond(route, call))) as Value<R>
    },
    async *stream<R extends StreamRoute>(route: R, call: Call<R>, signal?: AbortSignal) {
      const response = await transport.respond(route, call)
      if (response.status !== 200) await transport.read(response)
      const stop = () => response.body.destroy()
      signal?.addEventListener('abort', stop, { once: true })
      try {
        for await (const line of readLines(response.body)) yield JSON.parse(line) as Value<R>
      } catch (error) {
        if (signal?.aborted !== true) throw transport.unreachable(error)
      } finally {
        signal?.removeEventListener('abort', stop)
        response.body.destroy()
      }
    },
    console: (guest, input) => openConsole(transport, guest, input),
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  }
}

async function openConsole(transport: Transport, guest: string, input: string): Promise<ConsoleConnection> {
  const upgrade = { connection: 'Upgrade', upgrade: CONSOLE_PROTOCOL }
  const answer = await transport.respond('console', { params: { guest }, query: { input } }, upgrade)
  if (answer.upgraded === null) {
    await transport.read(answer)
    throw transport.stranger()
  }
  return { ...answer.upgraded, writes: answer.headers.get(CONSOLE_INPUT_HEADER) === 'yes' }
}
