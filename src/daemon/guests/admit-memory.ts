import { fail } from '../../words/errors.ts'
import type { Context } from './context.ts'
import type { GuestEntry } from './guest-entry.ts'

/** How many of those who have the memory an error names. */
const NAMED = 8

/** Promises the memory of a guest to it until it is built. Throws `no-memory`, with how much is missing and who has it. */
export function admitMemory(
  { host, config, registry, reservations }: Context,
  { name, uuid }: GuestEntry,
  { neededMiB, freeMiB }: { readonly neededMiB: number; readonly freeMiB: number },
): void {
  const domains = host.domains()
  const promised = reservations.outstanding(uuid, domains)
  const promisedMiB = promised.reduce((sum, { mebibytes }) => sum + mebibytes, 0)
  const availableMiB = Math.max(0, freeMiB - config.guests.dom0ReserveMiB - promisedMiB)
  // No await stands between this and the look at what others were promised.
  if (neededMiB <= availableMiB) {
    reservations.reserve(uuid, name, neededMiB)
    return
  }
  const running = registry.all().flatMap(({ name: guest, run }) => {
    const domain = domains.find(({ domid }) => domid === run?.domid)
    return domain === undefined ? [] : [{ guest, mebibytes: domain.memoryMiB, how: 'has' }]
  })
  const building = promised.map((each) => ({ ...each, how: 'is being built and gets' }))
  const owners = [...running, ...building].sort((a, b) => b.mebibytes - a.mebibytes)
  throw fail('no-memory', {
    what: `"${name}" needs ${neededMiB} MiB, and Xen has ${availableMiB} MiB to give`,
    why: `${neededMiB - availableMiB} MiB are missing`,
    fix: 'lower memory= in its definition, or shut another guest down',
    evidence: owners.slice(0, NAMED).map(({ guest, how, mebibytes }) => `${guest} ${how} ${mebibytes} MiB`),
  })
}
