import { fromProblem } from '../api/problem.ts'
import type { Task } from '../api/task.ts'
import { type TetrarchError, asTetrarchError } from '../words/errors.ts'
import type { Context } from './context.ts'
import { onGuest } from './did-you-mean.ts'
import { followTask } from './follow-task.ts'
import { errorLines } from './render/error-text.ts'

type Verb = 'shutdown' | 'reboot' | 'destroy' | 'pause' | 'unpause' | 'save'

export interface Act {
  readonly verb: Verb
  readonly guests: readonly string[]
  /** Whether the command ends when the operation has, or when the daemon has taken it on. */
  readonly until: 'done' | 'begun'
  /** What is said of each guest for which it was done: `paused`. */
  readonly said: string
}

/**
 * Asks for the same for several guests at once and then waits for each. One that fails stops no other; the first
 * error is thrown in the end, those before the last are printed.
 */
export async function act(context: Context, { verb, guests, until, said }: Act): Promise<void> {
  const begun = await Promise.allSettled(guests.map((guest) => begin(context, guest, { verb, until })))
  const tasks: Task[] = []
  const errors: TetrarchError[] = []
  for (const outcome of begun) {
    try {
      if (outcome.status === 'rejected') throw outcome.reason
      const task = until === 'done' ? await followTask(context, outcome.value) : outcome.value
      if (task.problem !== null) throw fromProblem(task.problem)
      tasks.push(task)
      if (!context.json) context.out.print(`${task.guest}: ${said}`)
    } catch (thrown) {
      errors.push(asTetrarchError(thrown))
    }
  }
  if (context.json) context.show(tasks, () => [])
  const [first, ...others] = errors
  if (first === undefined) return
  if (!context.json) for (const error of others) context.err.print(...errorLines(error, context.err))
  throw first
}

/** Who does not wait for the end still wants to know what fails at once. */
const EARLY_MS = 300

const begin = (context: Context, guest: string, { verb, until }: Pick<Act, 'verb' | 'until'>): Promise<Task> =>
  onGuest(context, guest, () =>
    context.client.call(verb, { params: { guest }, query: until === 'begun' ? { wait: EARLY_MS } : {} }),
  )
