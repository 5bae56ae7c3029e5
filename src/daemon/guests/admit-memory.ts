import { fail } from '../../words/errors.ts'
import type { Common } from './context.ts'
import type { GuestEntry } from './guest-entry.ts'

/** How many of those who have the memory an error names. */
const NAMED = 8

interface Memory {
  readonly neededMiB: number
  /** What Xen could give to domains now. */
  readonly freeMiB: number
}
type Named = Pick<GuestEntry, 'name' | 'uuid'>

/** How much is missing for a guest, beyond what others were promised; 0 when there is enough. */
export const missingMemory = (context: Common, guest: Named, memory: Memory): number =>
  Math.max(0, memory.neededMiB - availability(context, guest, memory).availableMiB)

/** Promises the memory of a guest to it until it is built. Throws `no-memory`, with how much is missing and who has it. */
export function admitMemory(context: Common, guest: Named, memory: Memory): void {
  const { name, uuid } = guest
  const { neededMiB } = memory
  const { domains, promised, availableMiB } = availability(context, guest, memory)
  // No await stands between this and the look at what others were promised.
  if (neededMiB <= availableMiB) {
    context.reservations.reserve(uuid, name, neededMiB)
    return
  }
  const running = context.registry.all().flatMap(({ name: guestName, run }) => {
    const domain = domains.find(({ domid }) => domid === run?.domid)
    return domain === undefined ? [] : [{ guest: guestName, mebibytes: domain.memoryMiB, how: 'has' }]
  })
  const building = promised.map((each) => ({ ...each, how: 'is being built and gets' }))
  const owners = [...running, ...building].sort((a, b) => b.mebibytes - a.mebibytes)
  throw fail('no-memory', {
    what: `"${name}" needs ${neededMiB} MiB, and Xen has ${availableMiB} MiB to give`,
    why: `${neededMiB - availableMiB} MiB are missing`,
    fix: 'lower memory= in its definition, or shut another guest down',
    evidence: owners.slice(0, NAMED).map((owner) => `${owner.guest} ${owner.how} ${owner.mebibytes} MiB`),
  })
}

function availability({ host, config, reservations }: Common, { uuid }: Named, { freeMiB }: Memory) {
  const domains = host.domains()
  const promised = reservations.outstanding(uuid, domains)
  const promisedMiB = promised.reduce((sum, { mebibytes }) => sum + mebibytes, 0)
  return { domains, promised, availableMiB: Math.max(0, freeMiB - config.guests.dom0ReserveMiB - promisedMiB) }
}
