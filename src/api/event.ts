import { z } from 'zod'
import { modeNames } from '../words/mode-names.ts'
import { deviceModelSchema, endReasons, guestStates } from './guest.ts'
import { taskKinds, taskStates } from './task.ts'

const stamp = {
  seq: z.int().describe('Grows by one an event, from 1 at the start of the daemon'),
  time: z.iso.datetime(),
}
const guestRef = { guest: z.string(), uuid: z.string(), domid: z.int().nullable() }

/** Everything that can happen. `lost` tells a reader that it came too late or was too slow: list again. */
export const eventSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('guest.appeared'), ...stamp, ...guestRef, managed: z.boolean() }),
    z.strictObject({
      kind: z.literal('guest.state'),
      ...stamp,
      ...guestRef,
      from: z.enum(guestStates),
      to: z.enum(guestStates),
      reason: z.enum(endReasons).nullable().describe('Why the domain ended, when it did'),
    }),
    z.strictObject({
      kind: z.literal('guest.mode'),
      ...stamp,
      ...guestRef,
      from: z.enum(modeNames).nullable(),
      to: z.enum(modeNames).nullable(),
      evidence: z.array(z.string()),
    }),
    z
      .strictObject({
        kind: z.literal('guest.choice'),
        ...stamp,
        ...guestRef,
        from: z.enum(modeNames),
        to: z.enum(modeNames),
        evidence: z.array(z.string()),
      })
      .describe('A start chose another mode than the start before it'),
    z.strictObject({
      kind: z.literal('guest.device-model'),
      ...stamp,
      ...guestRef,
      deviceModel: deviceModelSchema.nullable(),
    }),
    z.strictObject({
      kind: z.literal('guest.definition'),
      ...stamp,
      ...guestRef,
      change: z.enum(['defined', 'changed', 'undefined', 'unreadable']),
    }),
    z.strictObject({ kind: z.literal('guest.gone'), ...stamp, ...guestRef, reason: z.enum(endReasons) }),
    z.strictObject({
      kind: z.literal('task'),
      ...stamp,
      guest: z.string(),
      task: z.string(),
      operation: z.enum(taskKinds),
      state: z.enum(taskStates),
      stage: z.string().nullable(),
    }),
    z.strictObject({
      kind: z.literal('daemon.started'),
      ...stamp,
      version: z.string(),
      adopted: z.int().describe('Running guests of an earlier daemon that are managed again'),
      foreign: z.int().describe('Domains of other toolstacks'),
    }),
    z.strictObject({
      kind: z.literal('lost'),
      ...stamp,
      count: z.int().nullable().describe('How many events this reader missed, null when unknown'),
    }),
  ])
  .describe('Something that happened')

export type Event = z.infer<typeof eventSchema>
type WithoutStamp<E> = E extends unknown ? Omit<E, 'seq' | 'time'> : never
/** An event before the bus gives it its number and time. */
export type EventBody = WithoutStamp<Event>
