import type { Guest } from '../../api/guest.ts'
import type { HostSummary } from '../../api/host.ts'
import { allModes } from '../../modes/index.ts'
import { hostReasons, sentenceOf } from '../../modes/verdict.ts'
import type { Context } from './context.ts'

/** The host, the daemon and how many guests there are, for `tetrarch host`. */
export async function summarizeHost(
  { host, version, startedAt, prepared }: Context,
  guests: readonly Guest[],
): Promise<HostSummary> {
  const facts = await host.facts()
  const managed = guests.filter((guest) => guest.managed)
  return {
    xenVersion: facts.xenVersion,
    capabilities: [...facts.capabilities],
    cpus: facts.cpus,
    memoryMiB: facts.memoryMiB,
    freeMemoryMiB: facts.freeMemoryMiB,
    simulated: host.simulated,
    daemon: { version, pid: process.pid, startedAt, workers: host.workers().map((worker) => ({ ...worker })) },
    guests: {
      running: managed.filter(({ domid }) => domid !== null).length,
      halted: managed.filter(({ domid }) => domid === null).length,
      foreign: guests.length - managed.length,
    },
    prepared: prepared.counts().map((count) => ({ ...count })),
    modes: allModes.map((mode) => {
      const reasons = hostReasons(mode, facts)
      const why = reasons.length === 0 ? mode.summary : reasons.map(sentenceOf).join('; ')
      return { name: mode.name, possible: reasons.every(({ weight }) => weight !== 'cannot'), why }
    }),
  }
}
