import { z } from 'zod'
import { bootEntriesBodySchema, bootEntriesSchema } from './boot-entries.ts'
import { conversionPlanBodySchema, conversionPlanSchema, convertBodySchema } from './conversion.ts'
import { type Endpoint, type RouteName, endpoints } from './endpoints.ts'
import {
  createBodySchema,
  defineBodySchema,
  definitionSchema,
  definitionTextSchema,
  lintBodySchema,
  lintSchema,
  planBodySchema,
  planSchema,
  undefinedSchema,
} from './definition.ts'
import { eventSchema } from './event.ts'
import { explanationSchema } from './explanation.ts'
import { guestDetailSchema, guestSchema, vcpuSchema, vncSchema } from './guest.ts'
import { hostSchema, modeSchema } from './host.ts'
import { logLineSchema } from './log.ts'
import { taskSchema } from './task.ts'
import { usageSchema } from './usage.ts'

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
const ofName = z.strictObject({ guest: z.string().min(1).max(256).describe("The guest's name") })
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

/** Xen Orchestra's search language; docs/queries.md. */
const queryText = z
  .string()
  .max(1000)
  .optional()
  .describe('Only those that are as asked, in the search language of docs/queries.md')

const logQuery = z.strictObject({
  lines: z.coerce.number().int().min(0).max(1_000_000).optional().describe('Begin with this many of the last lines'),
  follow: z.enum(['yes', 'no']).default('no').describe('Go on as the guest writes'),
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
  usage: {
    ...endpoints.usage,
    ...plain,
    summary: 'CPU time, memory, disk and network counters of each running guest, and what its QEMU costs',
    response: usageSchema,
  },
  metrics: {
    ...endpoints.metrics,
    ...plain,
    summary: 'The same and more in the text format of OpenMetrics; docs/metrics.md lists the names',
    response: z.string(),
  },
  guests: {
    ...endpoints.guests,
    ...plain,
    query: z.strictObject({ query: queryText }),
    summary: 'All guests and all domains of other toolstacks, or those that a query finds',
    response: z.array(guestSchema),
  },
  guest: {
    ...endpoints.guest,
    ...plain,
    params: ofGuest,
    summary: 'One guest with its devices and definition',
    response: guestDetailSchema,
  },
  vcpus: {
    ...endpoints.vcpus,
    ...plain,
    params: ofGuest,
    summary: 'The vCPUs of a running guest, and where they run; none for a halted one',
    response: z.array(vcpuSchema),
  },
  explain: {
    ...endpoints.explain,
    ...plain,
    params: ofGuest,
    summary: 'Why a guest gets its mode, and what each other mode would mean',
    response: explanationSchema,
  },
  explainDefinition: {
    ...endpoints.explainDefinition,
    ...plain,
    body: z.strictObject({ definition: definitionTextSchema }),
    summary: 'The same for a definition that is no guest yet',
    response: explanationSchema,
  },
  bootEntries: {
    ...endpoints.bootEntries,
    ...plain,
    body: bootEntriesBodySchema,
    summary: 'The boot menu of a guest, of a definition or of a disk, with what each entry can boot as',
    response: bootEntriesSchema,
  },
  startGuests: {
    ...endpoints.startGuests,
    ...taskCall,
    params: nothing,
    summary: 'Start the guests that start with the host, in their order',
  },
  stopGuests: {
    ...endpoints.stopGuests,
    ...taskCall,
    params: nothing,
    summary: 'Shut all guests down in the reverse order, and destroy those that do not obey',
  },
  create: {
    ...endpoints.create,
    ...taskCall,
    params: nothing,
    body: createBodySchema,
    summary: 'Build and start a guest from a definition',
  },
  definitions: {
    ...endpoints.definitions,
    ...plain,
    summary: 'All definitions of the guests folder, also those that cannot be used',
    response: z.array(definitionSchema),
  },
  definition: {
    ...endpoints.definition,
    ...plain,
    params: ofGuest,
    summary: "A guest's definition as it is in the guests folder now",
    response: definitionSchema,
  },
  define: {
    ...endpoints.define,
    params: ofName,
    query: nothing,
    body: defineBodySchema,
    summary: "Check and keep a guest's definition; a running guest has it from its next start on",
    response: definitionSchema,
  },
  undefine: {
    ...endpoints.undefine,
    params: ofGuest,
    query: z.strictObject({ expect: z.string().max(128).optional().describe('The revision that is removed') }),
    body: null,
    summary: "Remove a guest's definition; a running guest runs on",
    response: undefinedSchema,
  },
  lint: {
    ...endpoints.lint,
    params: nothing,
    query: nothing,
    body: lintBodySchema,
    summary: 'Check a definition against this host; nothing is kept',
    response: lintSchema,
  },
  plan: {
    ...endpoints.plan,
    params: nothing,
    query: nothing,
    body: planBodySchema,
    summary: 'What libxl would be given for a guest, without starting it',
    response: planSchema,
  },
  planConversion: {
    ...endpoints.planConversion,
    params: ofGuest,
    query: nothing,
    body: conversionPlanBodySchema,
    summary: 'What changes when a guest is converted to another mode; nothing is done',
    response: conversionPlanSchema,
  },
  convert: {
    ...endpoints.convert,
    ...taskCall,
    params: ofGuest,
    body: convertBodySchema,
    summary: 'Change the mode of a defined guest, start it and see it come up, or put everything back',
  },
  shutdown: { ...endpoints.shutdown, ...verb, summary: 'Ask the guest to power itself off' },
  reboot: { ...endpoints.reboot, ...verb, summary: 'Ask the guest to restart itself' },
  destroy: { ...endpoints.destroy, ...verb, summary: 'Take the domain away at once' },
  pause: { ...endpoints.pause, ...verb, summary: 'Stop its vCPUs' },
  unpause: { ...endpoints.unpause, ...verb, summary: 'Let its vCPUs run' },
  save: { ...endpoints.save, ...verb, summary: 'Write its memory into a file, from which its next start goes on' },
  console: {
    ...endpoints.console,
    params: ofGuest,
    query: consoleQuery,
    body: null,
    summary: 'Read and write the console: history first, then live bytes',
    response: z.unknown(),
  },
  log: {
    ...endpoints.log,
    params: ofGuest,
    query: logQuery,
    body: null,
    summary: "A guest's console log, kept over its ends and starts",
    response: logLineSchema,
  },
  vnc: {
    ...endpoints.vnc,
    ...plain,
    params: ofGuest,
    summary: 'Where its screen is and the password',
    response: vncSchema,
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
      query: queryText,
    }),
    summary: 'What happens, as it happens; `since` resumes after a sequence number',
    response: eventSchema,
  },
})

export type Routes = typeof routes
