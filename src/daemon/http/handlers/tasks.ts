import { endpoints } from '../../../api/endpoints.ts'
import type { Task } from '../../../api/task.ts'
import { type JsonHandlers, type Reply, type Services, type StreamHandlers, ok } from '../handler.ts'

export const taskHandlers = (services: Services): JsonHandlers<'tasks' | 'task' | 'cancel'> => ({
  tasks: () => ok(services.tasks.list()),
  task: async ({ params, query }) => {
    const { value } = await answerTask(services, services.tasks.get(params.task), query.wait)
    return ok(value)
  },
  cancel: ({ params }) => answerTask(services, services.tasks.cancel(params.task), undefined),
})

export const taskStreams = ({ tasks }: Services): StreamHandlers<'taskUpdates'> => ({
  taskUpdates: ({ params }, signal) => {
    // Asked before the stream begins, so that a task that does not exist is a 404 and not a broken stream.
    const { id } = tasks.get(params.task)
    return tasks.updates(id, signal)
  },
})

/** 200 with a finished task, 202 and where to look for one that goes on. `waitMs` waits for the end, up to the configured limit. */
export async function answerTask(
  { tasks, config }: Services,
  started: Task,
  waitMs: number | undefined,
): Promise<Reply<Task>> {
  const value = waitMs === undefined ? started : await tasks.wait(started.id, Math.min(waitMs, config.http.waitMs))
  if (value.finishedAt !== null) return ok(value)
  return { status: 202, value, headers: { location: endpoints.task.path.replace(':task', value.id) } }
}
