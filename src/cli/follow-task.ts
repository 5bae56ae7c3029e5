import { fromProblem } from '../api/problem.ts'
import type { Task } from '../api/task.ts'
import { fail } from '../words/errors.ts'
import type { Context } from './context.ts'
import { Progress } from './progress.ts'

const INTERRUPTED = 130

/**
 * Waits for a task, showing its stages. Throws what made it fail. The first Ctrl-C cancels it and waits for the daemon to
 * undo it, a second one leaves it to the daemon.
 */
export async function followTask(context: Context, task: Task): Promise<Task> {
  using open = new DisposableStack()
  const progress = open.use(new Progress(context))
  open.use(onInterrupt(context, task, progress))
  let last = task
  for await (const update of context.client.stream('taskUpdates', { params: { task: task.id } })) {
    last = update
    progress.say(describe(update))
  }
  if (last.problem !== null) throw fromProblem(last.problem)
  if (last.finishedAt === null)
    throw fail('daemon-unreachable', {
      what: `the daemon stopped before ${last.kind} of "${last.guest}" had ended`,
      fix: 'see what came of it: tetrarch list',
    })
  return last
}

function describe({ guest, kind, stage, state, steps }: Task): string {
  if (state === 'queued') return `${guest}: ${kind} waits for its turn`
  const place = steps.total === 0 ? '' : ` (${Math.min(steps.done + 1, steps.total)} of ${steps.total})`
  return `${guest}: ${stage ?? kind}${place}`
}

function onInterrupt(context: Context, task: Task, progress: Progress): Disposable {
  let cancelled = false
  const interrupted = () => {
    progress.clear()
    if (cancelled) process.exit(INTERRUPTED)
    cancelled = true
    context.note(`cancelling ${task.kind} of "${task.guest}"; Ctrl-C again leaves it to the daemon`)
    context.client.call('cancel', { params: { task: task.id } }).catch((error: unknown) => {
      context.note(`it cannot be cancelled: ${error instanceof Error ? error.message : String(error)}`)
    })
  }
  process.on('SIGINT', interrupted)
  return { [Symbol.dispose]: () => process.off('SIGINT', interrupted) }
}
