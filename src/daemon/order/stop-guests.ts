/**
 * Stops all guests of ours, in the reverse of their order, as before the host goes down: each is asked, and is destroyed when
 * its time is over. Domains of other toolstacks are left to them.
 */
import { type Task, isFinished } from '../../api/task.ts'
import { fail } from '../../words/errors.ts'
import { type Context, domainOf } from '../guests/context.ts'
import { type GuestEntry, currentDefinition } from '../guests/guest-entry.ts'
import type { TaskProgress } from '../tasks.ts'
import { inOrder, stopOrder } from './order.ts'

/** Begins an operation on a guest. Throws what refuses it at once. */
export type ActOn = (verb: 'unpause' | 'shutdown' | 'save' | 'destroy', name: string) => Task

/** Rejects with `not-all` when a domain could not be ended. */
export async function stopGuests(context: Context, act: ActOn, progress: TaskProgress): Promise<void> {
  const { registry, tasks } = context
  const guests = registry
    .all()
    .filter(({ name, managed, run }) => managed && (run !== null || tasks.ofGuest(name).length > 0))
  // From here on none comes back by its on_* keys.
  for (const entry of guests) entry.staysDown = true
  progress.begin(guests.length)
  const before = stopOrder(
    guests.map((entry) => ({ name: entry.name, startAfter: currentDefinition(entry)?.spec.startAfter ?? [] })),
  )
  await inOrder(before, async (name) => {
    const entry = registry.named(name)
    if (entry === null || progress.signal.aborted) return
    progress.stage(`stop ${name}`)
    const how = await stopOne(context, entry, act).catch((thrown: unknown) => String(thrown))
    progress.log(`${name}: ${how}`)
  })
  await context.prepared.suspend()
  progress.signal.throwIfAborted()
  const left = guests
    .filter(({ run }) => run !== null)
    .map(({ name, run }) => `${name}: domain ${run?.domid ?? 0} is still there`)
  if (left.length === 0) return
  throw fail('not-all', {
    what: `${left.length} guests could not be stopped`,
    fix: 'see: tetrarch list',
    evidence: left,
  })
}

/** Tells how it was stopped. */
async function stopOne(context: Context, entry: GuestEntry, act: ActOn): Promise<string> {
  const { name, kept } = entry
  const domain = domainOf(context.host, entry.run?.domid)
  if (domain !== null && kept === null && domain.shutdown === null && entry.operation !== 'starting') {
    const policy = currentDefinition(entry)?.spec.onHostShutdown ?? 'shutdown'
    const save = async () => (await ended(context, act('save', name))).problem
    const notSaved = policy === 'save' ? await save() : null
    if (policy === 'save' && notSaved === null) return 'saved'
    // One whose vCPUs stand still could not obey.
    if (domain.state === 'paused') await ended(context, act('unpause', name))
    const { problem } = await ended(context, act('shutdown', name))
    const before = notSaved === null ? '' : `not saved: ${notSaved.what}; `
    if (entry.run === null && problem === null) return `${before}shut down`
    const why = problem?.what ?? 'its domain stayed'
    if (policy === 'shutdown-or-save' && (await save()) === null) return `saved, since it did not shut down: ${why}`
    if (entry.run !== null) await ended(context, act('destroy', name))
    return `${before}destroyed, since it did not shut down: ${why}`
  }
  await ended(context, act('destroy', name))
  return 'destroyed: there was no system in it to ask'
}

async function ended({ tasks, stopping }: Context, { id }: Task): Promise<Task> {
  for await (const task of tasks.updates(id, stopping)) if (isFinished(task)) return task
  return tasks.get(id)
}
