/** Starts all guests that are to start with the host, in their order: the work of one task, with a task for each guest. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Task, isFinished } from '../../api/task.ts'
import { parseReady } from '../../config/ready.ts'
import { asTetrarchError, fail } from '../../words/errors.ts'
import type { Context } from '../guests/context.ts'
import { type GuestEntry, nextDefinition } from '../guests/guest-entry.ts'
import type { TaskProgress } from '../tasks.ts'
import { inOrder, startOrder } from './order.ts'
import { Slots } from './slots.ts'
import { untilReady } from './until-ready.ts'

/** Begins the start of a guest. Throws what refuses it at once. */
export type StartOne = (name: string) => Task

/** Rejects with `not-all` when a guest could not be started or did not become ready; the others are started all the same. */
export async function startGuests(context: Context, startOne: StartOne, progress: TaskProgress): Promise<void> {
  const guests = context.registry.all().filter(startsWithHost)
  const { before, cycles } = startOrder(
    guests.map((entry) => ({ name: entry.name, startAfter: specOf(entry)?.startAfter ?? [] })),
  )
  progress.begin(guests.length)
  const failures = [...cycles].map(([name, cycle]) => `${name}: not started: its start_after is a cycle, ${cycle}`)
  failures.push(...unreadable(context))
  for (const failure of failures) progress.log(failure)
  const slots = new Slots(context.config.order.parallel)
  await inOrder(before, async (name) => {
    const failure = await startInTurn(context, name, { startOne, slots, progress })
    progress.log(failure === null ? `${name}: started` : `${name}: ${failure}`)
    if (failure !== null) failures.push(`${name}: ${failure}`)
  })
  progress.signal.throwIfAborted()
  if (failures.length === 0) return
  throw fail('not-all', {
    what: `${failures.length} of the guests that start with the host are not as they should be`,
    fix: 'mend what is said below, then: systemctl start tetrarch-guests',
    evidence: failures,
  })
}

/** Those that were saved when the host went down go on, whether they are to start with it or not. */
const startsWithHost = (entry: GuestEntry): boolean =>
  (entry.defined && specOf(entry)?.autostart === true) || entry.saved?.because === 'host-shutdown'

const specOf = (entry: GuestEntry) => nextDefinition(entry)?.spec ?? null

/** Nobody knows whether a definition that cannot be read wanted to start. */
const unreadable = ({ registry }: Context): readonly string[] =>
  registry
    .all()
    .flatMap(({ name, onDisk, problem }) =>
      problem === null || onDisk !== null ? [] : [`${name}: its definition cannot be read: ${problem.message}`],
    )

interface Turn {
  readonly startOne: StartOne
  readonly slots: Slots
  readonly progress: TaskProgress
}

const CANCELLED = 'cancelled'
const hasStopped = (signal: AbortSignal): boolean => signal.aborted

/** Null when it runs and is ready, else what went wrong. */
async function startInTurn(context: Context, name: string, turn: Turn): Promise<string | null> {
  const { signal, stage } = turn.progress
  const entry = context.registry.named(name)
  const spec = entry === null ? null : specOf(entry)
  if (signal.aborted) return CANCELLED
  if (entry === null || spec === null) return 'it is not defined any more'
  try {
    if (entry.run === null) {
      if (spec.startDelaySeconds > 0) await sleep(spec.startDelaySeconds * 1000, undefined, { signal })
      stage(`start ${name}`)
      const problem = await startWithin(context, name, turn)
      if (problem !== null) return problem
    }
    const condition = spec.ready === undefined ? null : parseReady(spec.ready)
    if (condition === null) return null
    const seconds = spec.readyTimeoutSeconds
    const timeoutMs = seconds === undefined ? context.config.order.readyMs : seconds * 1000
    const problem = await untilReady(context, entry, condition, { timeoutMs, signal })
    return problem === null ? null : `it runs, but is not ready: ${problem}`
  } catch (thrown) {
    return hasStopped(signal) ? CANCELLED : asTetrarchError(thrown).message
  }
}

async function startWithin({ tasks }: Context, name: string, { startOne, slots, progress }: Turn) {
  using open = new DisposableStack()
  open.use(await slots.take())
  progress.signal.throwIfAborted()
  const { id } = startOne(name)
  for await (const { problem } of tasks.updates(id, progress.signal)) {
    if (problem !== null)
      return [problem.what, problem.where, problem.why].filter((part) => part !== undefined).join(': ')
  }
  progress.signal.throwIfAborted()
  return isFinished(tasks.get(id)) ? null : 'its start has not ended'
}
