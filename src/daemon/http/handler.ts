/** What a handler is given and what it gives back. One per route; the server does everything that they share. */
import type { z } from 'zod'
import type { RouteName } from '../../api/endpoints.ts'
import type { Routes } from '../../api/routes.ts'
import type { DaemonConfig } from '../../config/daemon-config.ts'
import type { EventBus } from '../events.ts'
import type { GuestService } from '../guests/guest-service.ts'
import type { TaskBoard } from '../tasks.ts'

/** What the handlers work with. */
export interface Services {
  readonly guests: GuestService
  readonly tasks: TaskBoard
  readonly events: EventBus
  readonly config: DaemonConfig
}

/** A checked request. */
export interface ApiRequest<R extends RouteName> {
  readonly params: z.output<Routes[R]['params']>
  readonly query: z.output<Routes[R]['query']>
  readonly body: Routes[R]['body'] extends z.ZodType ? z.output<Routes[R]['body']> : null
  /** Who asks: user name and process id. */
  readonly caller: string
}

/** One value to send, as JSON. */
export interface Reply<T> {
  readonly status: 200 | 202
  readonly value: T
  readonly headers?: Readonly<Record<string, string>>
}

type RouteAnswering<A> = { [R in RouteName]: Routes[R]['answer'] extends A ? R : never }[RouteName]
export type JsonRoute = RouteAnswering<'json'>
export type StreamRoute = RouteAnswering<'ndjson'>
export type TextRoute = RouteAnswering<'text'>

type Sent<T> = T extends readonly (infer Item)[] ? readonly Item[] : T
type Response<R extends RouteName> = Sent<z.output<Routes[R]['response']>>

export type JsonHandlers<R extends JsonRoute> = {
  readonly [Name in R]: (request: ApiRequest<Name>) => Reply<Response<Name>> | Promise<Reply<Response<Name>>>
}
export type StreamHandlers<R extends StreamRoute> = {
  /** The signal is aborted when the client has gone or the daemon stops. */
  readonly [Name in R]: (request: ApiRequest<Name>, signal: AbortSignal) => AsyncIterable<Response<Name>>
}

export type TextHandlers<R extends TextRoute> = {
  readonly [Name in R]: (request: ApiRequest<Name>) => Promise<string>
}

export const ok = <T>(value: T): Reply<T> => ({ status: 200, value })
