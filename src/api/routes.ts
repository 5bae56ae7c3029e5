import { z } from 'zod'
import { eventSchema } from './event.ts'
import { guestDetailSchema, guestSchema } from './guest.ts'
import { hostSchema, modeSchema } from './host.ts'
import { taskSchema } from './task.ts'

/** What a route may do: `read` is also open on the read-only socket, `change` is logged with the caller. */
export type Access = 'read' | 'change'

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Path with `:name` parameters. */
  readonly path: string
  readonly access: Access
  /** One sentence for OpenAPI. */
  readonly summary: string
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** `json`: one value; `ndjson`: a stream of values, one a line; `upgrade`: raw bytes both ways after 101. */
  readonly answer: 'json' | 'ndjson' | 'upgrade'
  readonly response: z.ZodType
}

const defineRoutes = <const T extends Record<string, Route>>(routes: T): T => routes

/** How long a call may wait for its task, milliseconds; without it the answer is 202 at once. */
export const waitQuery = z.strictObject({ wait: z.coerce.number().int().min(0).max(3_600_000).optional() })

export const createBodySchema = z
  .strictObject({
    name: z.string().optional().describe('A defined guest to start'),
    definition: z
      .strictObject({ file: z.string().max(4096), text: z.string().max(200_000) })
      .optional()
      .describe('The text of an xl.cfg file; `file` is used in messages and for relative paths'),
    paused: z.boolean().default(false).describe('Leave it paused after it was built'),
  })
  .refine((body) => (body.name === undefined) !== (body.definition === undefined), {
    message: 'give either "name" or "definition"',
  })

export type CreateBody = z.input<typeof createBodySchema>

const verb = (path: string, summary: string): Route & { response: typeof taskSchema } => ({
  method: 'POST',
  path: `/v1/guests/:guest/${path}`,
  access: 'change',
  summary,
  query: waitQuery,
  answer: 'json',
  response: taskSchema,
})

const read = <S extends z.ZodType>(path: string, summary: string, response: S) =>
  ({ method: 'GET', path, access: 'read', summary, answer: 'json', response }) as const satisfies Route

/** The whole API. Server, client, CLI and docs/openapi.json are made from this table. A guest is named by name, uuid or domid. */
export const routes = defineRoutes({
  host: read('/v1/host', 'The host and the daemon', hostSchema),
  modes: read('/v1/modes', 'The virtualization modes and what speaks for each', z.array(modeSchema)),
  guests: read('/v1/guests', 'All guests and all domains of other toolstacks', z.array(guestSchema)),
  guest: read('/v1/guests/:guest', 'One guest with its devices and definition', guestDetailSchema),
  create: {
    method: 'POST',
    path: '/v1/guests',
    access: 'change',
    summary: 'Build and start a guest from a definition',
    query: waitQuery,
    body: createBodySchema,
    answer: 'json',
    response: taskSchema,
  },
  shutdown: verb('shutdown', 'Ask the guest to power itself off'),
  reboot: verb('reboot', 'Ask the guest to restart itself'),
  destroy: verb('destroy', 'Take the domain away at once'),
  pause: verb('pause', 'Stop its vCPUs'),
  unpause: verb('unpause', 'Let its vCPUs run'),
  console: {
    method: 'GET',
    path: '/v1/guests/:guest/console',
    access: 'change',
    summary: 'Read and write the console: history first, then live bytes',
    answer: 'upgrade',
    response: z.unknown(),
  },
  tasks: read('/v1/tasks', 'Running and finished operations, newest first', z.array(taskSchema)),
  task: { ...read('/v1/tasks/:task', 'One operation', taskSchema), query: waitQuery },
  taskUpdates: {
    method: 'GET',
    path: '/v1/tasks/:task/updates',
    access: 'read',
    summary: 'The operation after each change, until it has finished',
    answer: 'ndjson',
    response: taskSchema,
  },
  cancel: {
    method: 'DELETE',
    path: '/v1/tasks/:task',
    access: 'change',
    summary: 'Cancel an operation; it is undone as far as it went',
    answer: 'json',
    response: taskSchema,
  },
  events: {
    method: 'GET',
    path: '/v1/events',
    access: 'read',
    summary: 'What happens, as it happens; `since` resumes after a sequence number',
    query: z.strictObject({ since: z.coerce.number().int().min(0).optional() }),
    answer: 'ndjson',
    response: eventSchema,
  },
})

export type RouteName = keyof typeof routes
