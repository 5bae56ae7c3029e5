import type { Task } from '../../api/task.ts'
import { escapeControl } from '../../words/escape-control.ts'
import { fail } from '../../words/errors.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { type Column, renderTable } from '../render/table.ts'

export const command: Command = {
  usage: '[action] [task]',
  options: [],
  details: ['Actions: list (the default); show TASK with its log; cancel TASK, which undoes it as far as it went.'],
  examples: ['tetrarch tasks', 'tetrarch tasks show 5f1c', 'tetrarch tasks cancel 5f1c'],
  run: async (context, { args: [action = 'list', id] }) => {
    const todo = Object.hasOwn(actions, action) ? actions[action as keyof typeof actions] : null
    if (todo === null || (id === undefined) !== (action === 'list'))
      throw fail('usage', { what: 'tasks takes: list, show TASK or cancel TASK', fix: 'tetrarch tasks --help' })
    await todo(context, id ?? '')
  },
}

/** Characters of an id that the list shows; any beginning that fits one task is taken. */
const SHORT_ID = 8

const actions = {
  list: async ({ client, out, show, note }: Context) => {
    const tasks = await client.call('tasks', {})
    show(tasks, () => (tasks.length === 0 ? [] : renderTable(columns, tasks, out)))
    if (tasks.length === 0) note('no operation has run since the daemon started')
  },
  show: async (context: Context, beginning: string) => {
    const task = await find(context, beginning)
    context.show(task, () => [
      ...renderTable(columns, [task], context.out),
      ...(task.problem === null ? [] : [`  error: ${escapeControl(task.problem.what)}`]),
      ...task.log.map((line) => `  | ${escapeControl(line)}`),
    ])
  },
  cancel: async (context: Context, beginning: string) => {
    const { id } = await find(context, beginning)
    const task = await context.client.call('cancel', { params: { task: id } })
    const said = task.finishedAt === null ? 'is being cancelled' : `had ended already: ${task.state}`
    context.show(task, () => [`${task.kind} of ${escapeControl(task.guest)} ${said}`])
  },
}

async function find({ client }: Context, beginning: string): Promise<Task> {
  const found = (await client.call('tasks', {})).filter(({ id }) => id.startsWith(beginning))
  const [task, another] = found
  if (task === undefined) return client.call('task', { params: { task: beginning } })
  if (another === undefined) return task
  throw fail('usage', { what: `${found.length} tasks begin with "${beginning}"`, fix: 'give more of its id' })
}

const columns: readonly Column<Task>[] = [
  { title: 'TASK', value: ({ id }) => id.slice(0, SHORT_ID) },
  { title: 'GUEST', value: ({ guest }) => escapeControl(guest), shrinks: true },
  { title: 'OPERATION', value: ({ kind }) => kind },
  {
    title: 'STATE',
    value: ({ state }) => state,
    paint: ({ state }) => (state === 'failed' ? 'bad' : state === 'succeeded' ? 'good' : null),
  },
  { title: 'BEGAN', value: ({ createdAt }) => new Date(createdAt).toLocaleTimeString('sv-SE') },
  { title: 'STEP', value: ({ stage }) => escapeControl(stage ?? '–'), shrinks: true },
]
