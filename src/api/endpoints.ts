/**
 * Where each call of the API lives. Kept apart from the schemas (routes.ts) so that a client which trusts its daemon,
 * such as the CLI, starts without loading a schema library.
 */

/** What a route may do: `read` is also open on the read-only socket, `change` is logged with the caller. */
type Access = 'read' | 'change'

/** `json`: one value; `ndjson`: a stream of values, one a line; `upgrade`: raw bytes both ways after 101. */
type Answer = 'json' | 'ndjson' | 'upgrade'

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Path with `:name` parameters. */
  readonly path: `/v1/${string}`
  readonly access: Access
  readonly answer: Answer
}

const defineEndpoints = <const T extends Record<string, Endpoint>>(endpoints: T): T => endpoints

const read = <const P extends `/v1/${string}`>(path: P) =>
  ({ method: 'GET', path, access: 'read', answer: 'json' }) as const

const verb = <const P extends string>(name: P) =>
  ({ method: 'POST', path: `/v1/guests/:guest/${name}`, access: 'change', answer: 'json' }) as const

/** Every call. A guest is named by name, uuid or domid. */
export const endpoints = defineEndpoints({
  host: read('/v1/host'),
  modes: read('/v1/modes'),
  guests: read('/v1/guests'),
  guest: read('/v1/guests/:guest'),
  create: { method: 'POST', path: '/v1/guests', access: 'change', answer: 'json' },
  shutdown: verb('shutdown'),
  reboot: verb('reboot'),
  destroy: verb('destroy'),
  pause: verb('pause'),
  unpause: verb('unpause'),
  console: { method: 'GET', path: '/v1/guests/:guest/console', access: 'change', answer: 'upgrade' },
  tasks: read('/v1/tasks'),
  task: read('/v1/tasks/:task'),
  taskUpdates: { method: 'GET', path: '/v1/tasks/:task/updates', access: 'read', answer: 'ndjson' },
  cancel: { method: 'DELETE', path: '/v1/tasks/:task', access: 'change', answer: 'json' },
  events: { method: 'GET', path: '/v1/events', access: 'read', answer: 'ndjson' },
})

export type RouteName = keyof typeof endpoints

/** The token of the Upgrade header by which a connection becomes a console. */
export const CONSOLE_PROTOCOL = 'tetrarch-console'
/** Answer header of an upgrade: `yes` when what the client writes reaches the guest. */
export const CONSOLE_INPUT_HEADER = 'tetrarch-console-input'
/** Media types (RFC 9457; NDJSON has none registered). */
export const PROBLEM_TYPE = 'application/problem+json'
export const NDJSON_TYPE = 'application/x-ndjson'
