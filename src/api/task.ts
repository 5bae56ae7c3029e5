import { z } from 'zod'
import { problemSchema } from './problem-schema.ts'

export const taskKinds = [
  'create',
  'shutdown',
  'reboot',
  'destroy',
  'pause',
  'unpause',
  'save',
  'restart',
  'convert',
  'prepare',
  'start-guests',
  'stop-guests',
] as const
export const taskStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const

export const taskSchema = z
  .strictObject({
    id: z.string(),
    kind: z.enum(taskKinds),
    guest: z.string(),
    state: z.enum(taskStates),
    stage: z.string().nullable().describe('The step that runs now or was the last to run'),
    steps: z.strictObject({ done: z.int(), total: z.int() }),
    caller: z.string().describe('Who asked: user name and process id, or the daemon itself'),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
    log: z.array(z.string()).describe('Notes of the steps and lines of libxl, newest last, bounded'),
    problem: problemSchema.nullable(),
  })
  .describe('A long operation')

export type Task = z.infer<typeof taskSchema>
export type TaskKind = (typeof taskKinds)[number]
export type TaskState = (typeof taskStates)[number]

/** True when a task will not change any more. */
export const isFinished = (task: Task): boolean => task.finishedAt !== null
