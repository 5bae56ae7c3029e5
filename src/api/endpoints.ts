/**
 * Where each call of the API lives. Kept apart from the schemas (routes.ts) so that a client which trusts its daemon,
 * such as the CLI, starts without loading a schema library.
 */

/** What a route may do: `read` is also open on the read-only socket, `change` is logged with the caller. */
type Access = 'read' | 'change'

/** `json`: one value; `text`: one text; `ndjson`: a stream of values, one a line; `upgrade`: raw bytes both ways after 101. */
type Answer = 'json' | 'text' | 'ndjson' | 'upgrade'

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path with `:name` parameters. */
  readonly path: `/v1/${string}` | '/metrics'
  readonly access: Access
  readonly answer: Answer
  /** How long a client waits for the answer, milliseconds, where that is longer than for others. */
  readonly answerMs?: number
  /** The answer has an ETag, and If-None-Match is heeded. */
  readonly tagged?: true
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
  usage: read('/v1/usage'),
  /** Where those who collect metrics look for them, whatever the version of the rest. */
  metrics: { method: 'GET', path: '/metrics', access: 'read', answer: 'text' },
  guests: { ...read('/v1/guests'), tagged: true },
  guest: { ...read('/v1/guests/:guest'), tagged: true },
  vcpus: read('/v1/guests/:guest/vcpus'),
  explain: read('/v1/guests/:guest/explain'),
  // A definition names any file of the host, and the answer tells of it: not for those who may only read.
  explainDefinition: { method: 'POST', path: '/v1/explain', access: 'change', answer: 'json' },
  /** A disk is read with root's rights, so it is no question for the read-only socket. */
  bootEntries: { method: 'POST', path: '/v1/boot-entries', access: 'change', answer: 'json', answerMs: 300_000 },
  startGuests: { method: 'POST', path: '/v1/host/start-guests', access: 'change', answer: 'json' },
  stopGuests: { method: 'POST', path: '/v1/host/stop-guests', access: 'change', answer: 'json' },
  create: { method: 'POST', path: '/v1/guests', access: 'change', answer: 'json' },
  definitions: read('/v1/definitions'),
  definition: read('/v1/guests/:guest/definition'),
  define: { method: 'PUT', path: '/v1/guests/:guest/definition', access: 'change', answer: 'json' },
  undefine: { method: 'DELETE', path: '/v1/guests/:guest/definition', access: 'change', answer: 'json' },
  // These change nothing, but they look at files of dom0 with the rights of root.
  lint: { method: 'POST', path: '/v1/lint', access: 'change', answer: 'json' },
  plan: { method: 'POST', path: '/v1/plan', access: 'change', answer: 'json' },
  /** The plan reads a disk with root's rights. */
  planConversion: {
    method: 'POST',
    path: '/v1/guests/:guest/conversion-plan',
    access: 'change',
    answer: 'json',
    answerMs: 300_000,
  },
  convert: verb('convert'),
  shutdown: verb('shutdown'),
  reboot: verb('reboot'),
  destroy: verb('destroy'),
  pause: verb('pause'),
  unpause: verb('unpause'),
  save: verb('save'),
  console: { method: 'GET', path: '/v1/guests/:guest/console', access: 'change', answer: 'upgrade' },
  log: { method: 'GET', path: '/v1/guests/:guest/log', access: 'read', answer: 'ndjson' },
  vnc: { method: 'GET', path: '/v1/guests/:guest/vnc', access: 'change', answer: 'json' },
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
export const METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
