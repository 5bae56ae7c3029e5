import type { Task } from '../api/task.ts'
import { escapeControl } from '../words/escape-control.ts'
import type { Context } from './context.ts'
import { followTask } from './follow-task.ts'

/** Waits for a task that is about all guests and prints what came of each, also when it fails. */
export async function followAll(context: Context, { id, ...task }: Task): Promise<void> {
  try {
    await followTask(context, { id, ...task })
  } finally {
    const ended = await context.client.call('task', { params: { task: id } })
    context.show(ended, () => ended.log.map((line) => escapeControl(line)))
  }
}
