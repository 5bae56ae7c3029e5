import { z } from 'zod'
import { type Endpoint, type RouteName, endpoints } from './endpoints.ts'
import { eventSchema } from './event.ts'
import { guestDetailSchema, guestSchema } from './guest.ts'
import { hostSchema, modeSchema } from './host.ts'
import { taskSchema } from './task.ts'

export interface Route extends Endpoint {
  /** One sentence for OpenAPI. */
  readonly summary: string
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  /** Null when the call takes no body. */
  readonly body: z.ZodType | null
  readonly response: z.ZodType
}

const defineRoutes = <const T extends { readonly [R in RouteName]: (typeof endpoints)[R] & Route }>(routes: T): T =>
  routes

const nothing = z.strictObject({})
const ofGuest = z.strictObject({
  guest: z.string().min(1).max(256).describe("The guest's name, uuid or domid"),
})
const ofTask = z.strictObject({ task: z.string().min(1).max(64).describe("The task's id") })

/** How long a call may wait for its task, milliseconds; without it the answer is 202 at once. */
const waitQuery = z.strictObject({
  wait: z.coerce
    .number()
    .int()
    .min(0)
    .max(3_600_000)
    .optional()
    .describe('How long to wait for the end of the task. In milliseconds.'),
})

/** Who types: `take` takes the keyboard over from another client, `if-free` takes it when nobody has it, `none` only reads. */
const consoleQuery = z.strictObject({
  input: z.enum(['take', 'if-free', 'none']).default('take').describe('Whether this client may write'),
})

export const createBodySchema = z
  .strictObject({
    name: z.string().max(256).optional().describe('A defined guest to start'),
    definition: z
      .strictObject({ file: z.string().max(4096), text: z.string().max(200_000) })
      .optional()
      .describe('The text of an xl.cfg file; `file` is used in messages and for relative paths'),
    paused: z.boolean().default(false).describe('Leave it paused after it was built'),
  })
  .refine((body) => (body.name === undefined) !== (body.definition === undefined), {
    message: 'give either "name" or "definition"',
  })

const plain = { params: nothing, query: nothing, body: null }
const taskCall = { query: waitQuery, body: null, response: taskSchema }
const verb = { ...taskCall, params: ofGuest }

/** The whole API. Server, types of the client and docs/openapi.json are made from this table. */
export const routes = defineRoutes({
  host: { ...endpoints.host, ...plain, summary: 'The host and the daemon', response: hostSchema },
  modes: {
    ...endpoints.modes,
    ...plain,
    summary: 'The virtualization modes and what speaks for each',
    response: z.array(modeSchema),
  },
  guests: {
    ...endpoints.guests,
    ...plain,
    summary: 'All guests and all domains of other toolstacks',
    response: z.array(guestSchema),
  },
  guest: {
    ...endpoints.guest,
    ...plain,
    params: ofGuest,
    summary: 'One guest with its devices and definition',
    response: guestDetailSchema,
  },
  create: {
    ...endpoints.create,
    ...taskCall,
    params: nothing,
    body: createBodySchema,
    summary: 'Build and start a guest from a definition',
  },
  shutdown: { ...endpoints.shutdown, ...verb, summary: 'Ask the guest to power itself off' },
  reboot: { ...endpoints.reboot, ...verb, summary: 'Ask the guest to restart itself' },
  destroy: { ...endpoints.destroy, ...verb, summary: 'Take the domain away at once' },
  pause: { ...endpoints.pause, ...verb, summary: 'Stop its vCPUs' },
  unpause: { ...endpoints.unpause, ...verb, summary: 'Let its vCPUs run' },
  console: {
    ...endpoints.console,
    params: ofGuest,
    query: consoleQuery,
    body: null,
    summary: 'Read and write the console: history first, then live bytes',
    response: z.unknown(),
  },
  tasks: {
    ...endpoints.tasks,
    ...plain,
    summary: 'Running and finished operations, newest first',
    response: z.array(taskSchema),
  },
  task: { ...endpoints.task, ...taskCall, params: ofTask, summary: 'One operation' },
  taskUpdates: {
    ...endpoints.taskUpdates,
    ...plain,
    params: ofTask,
    summary: 'The operation after each change, until it has finished',
    response: taskSchema,
  },
  cancel: {
    ...endpoints.cancel,
    ...plain,
    params: ofTask,
    summary: 'Cancel an operation; it is undone as far as it went',
    response: taskSchema,
  },
  events: {
    ...endpoints.events,
    ...plain,
    query: z.strictObject({
      since: z.coerce.number().int().min(0).optional().describe('Begin after the event of this number'),
    }),
    summary: 'What happens, as it happens; `since` resumes after a sequence number',
    response: eventSchema,
  },
})

export type Routes = typeof routes
