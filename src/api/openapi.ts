/** docs/openapi.json, made from the contract: the schemas that check requests are the ones that describe them. */
import { z } from 'zod'
import { errorTable } from '../words/errors.ts'
import { bootChoiceSchema } from './boot-choice.ts'
import { bootEntriesSchema, bootEntrySchema } from './boot-entries.ts'
import { CONSOLE_INPUT_HEADER, CONSOLE_PROTOCOL, METRICS_TYPE, NDJSON_TYPE, PROBLEM_TYPE } from './endpoints.ts'
import { eventSchema } from './event.ts'
import { GuestSpec } from '../config/guest-spec.ts'
import { definitionSchema, findingSchema } from './definition.ts'
import { deviceModelSchema, deviceSchema, guestDetailSchema, guestSchema } from './guest.ts'
import { hostSchema, modeSchema } from './host.ts'
import { problemSchema } from './problem-schema.ts'
import { type Route, routes } from './routes.ts'
import { taskSchema } from './task.ts'
import { guestUsageSchema, usageSchema } from './usage.ts'

type JsonSchema = Readonly<Record<string, unknown>>

const components = {
  Guest: guestSchema,
  GuestDetail: guestDetailSchema,
  DeviceModel: deviceModelSchema,
  Device: deviceSchema,
  Definition: definitionSchema,
  Finding: findingSchema,
  GuestSpec,
  Host: hostSchema,
  Mode: modeSchema,
  BootEntries: bootEntriesSchema,
  BootEntry: bootEntrySchema,
  BootChoice: bootChoiceSchema,
  Task: taskSchema,
  Usage: usageSchema,
  GuestUsage: guestUsageSchema,
  Event: eventSchema,
  Problem: problemSchema,
}

const refTo = (name: string): string => `#/components/schemas/${name}`

/** The OpenAPI 3.1 document of the API. */
export function openApiDocument(version: string): JsonSchema {
  return {
    openapi: '3.1.1',
    info: {
      title: 'tetrarch',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: [
        'HTTP/1.1 over the Unix sockets of tetrarchd: /run/tetrarch/tetrarchd.sock for everything,',
        '/run/tetrarch/tetrarchd-ro.sock for what changes nothing. Unknown fields are refused.',
        'Errors are problem documents (RFC 9457). Long operations answer 202 and the Location of a task.',
      ].join(' '),
    },
    paths: pathsOf(Object.entries(routes)),
    components: { schemas: componentSchemas(), responses: { Problem: problemResponse() } },
  }
}

/** Every component, with references between them. */
function componentSchemas(): JsonSchema {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(components)) registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, { uri: refTo })
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, withoutIds(schema)]))
}

function pathsOf(entries: readonly (readonly [string, Route])[]): JsonSchema {
  const paths: Record<string, JsonSchema> = {}
  for (const [name, route] of entries) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route) }
  }
  return paths
}

function operation(operationId: string, route: Route): JsonSchema {
  return {
    operationId,
    summary: route.summary,
    'x-socket': route.access === 'read' ? 'full or read-only' : 'full',
    parameters: [
      ...parameters('path', route.params),
      ...parameters('query', route.query),
      ...(route.tagged === true ? [IF_NONE_MATCH] : []),
    ],
    ...(route.body !== null && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: withoutIds(z.toJSONSchema(route.body, { io: 'input' })) } },
      },
    }),
    responses: { ...success(route), default: { $ref: '#/components/responses/Problem' } },
  }
}

const IF_NONE_MATCH = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  description: 'The ETag of an earlier answer',
  schema: { type: 'string' },
}

function parameters(place: 'path' | 'query', schema: z.ZodObject): readonly JsonSchema[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const { description, ...rest } = withoutIds(z.toJSONSchema(field))
    return { name, in: place, required: place === 'path', description, schema: rest }
  })
}

function success(route: Route): JsonSchema {
  if (route.answer === 'upgrade') {
    const input = { description: 'yes when what the client writes reaches the guest', schema: { enum: ['yes', 'no'] } }
    return {
      '101': {
        description: `Raw bytes both ways; the request carries "Upgrade: ${CONSOLE_PROTOCOL}"`,
        headers: { [CONSOLE_INPUT_HEADER]: input },
      },
    }
  }
  const schema = responseSchema(route.response)
  if (route.answer === 'ndjson') {
    return { '200': { description: `${route.summary}, one a line`, content: { [NDJSON_TYPE]: { schema } } } }
  }
  if (route.answer === 'text') return { '200': { description: route.summary, content: { [METRICS_TYPE]: { schema } } } }
  const content = { 'application/json': { schema } }
  const done = { '200': { description: route.response.description ?? route.summary, content } }
  if (route.tagged === true) return { ...done, '304': { description: 'Nothing but CPU time has changed' } }
  if (route.response !== taskSchema || route.method === 'GET') return done
  const location = { description: 'Where to look for it', schema: { type: 'string' } }
  return { ...done, '202': { description: 'The operation goes on', headers: { Location: location }, content } }
}

const problemResponse = (): JsonSchema => ({
  description: Object.entries(errorTable)
    .map(([code, { status, title }]) => `${status} ${code}: ${title}`)
    .join('\n'),
  content: { [PROBLEM_TYPE]: { schema: { $ref: refTo('Problem') } } },
})

function responseSchema(schema: z.ZodType): JsonSchema {
  if (schema instanceof z.ZodArray) return { type: 'array', items: responseSchema(schema.element as z.ZodType) }
  const component = Object.entries(components).find(([, known]) => known === schema)
  return component === undefined ? withoutIds(z.toJSONSchema(schema)) : { $ref: refTo(component[0]) }
}

/** What JSON Schema says of a document of its own has no place inside another. */
const withoutIds = (schema: Record<string, unknown>): JsonSchema =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$id'))
