import { setTimeout as sleep } from 'node:timers/promises'
import { TetrarchError, fail } from '../../words/errors.ts'
import type { Host } from '../host.ts'

/** What of a host can be made to fail or to take its time. */
export type FaultPoint = keyof Pick<
  Host,
  | 'facts'
  | 'describe'
  | 'checkResources'
  | 'neededMemoryMiB'
  | 'bootEntries'
  | 'prepareBoot'
  | 'build'
  | 'equip'
  | 'sweep'
  | 'destroy'
  | 'save'
  | 'resume'
  | 'restore'
  | 'pause'
  | 'unpause'
  | 'shutdown'
  | 'reboot'
  | 'withdraw'
  | 'configuration'
  | 'dumpCore'
  | 'preserve'
  | 'softReset'
  | 'openConsole'
>

type Fault = Error | 'hang'

/** Faults to come, each for one call. */
export interface Faults {
  add(point: FaultPoint, fault: Fault): void
  /** Meets the fault that waits for this call, if one does. */
  meet(point: FaultPoint, signal?: AbortSignal): Promise<void>
  /** What has come to a call and hangs there. */
  hanging(): ReadonlySet<FaultPoint>
}

export function createFaults(): Faults {
  const waiting = new Map<FaultPoint, Fault[]>()
  const hanging = new Set<FaultPoint>()
  return {
    add: (point, fault) => void waiting.set(point, [...(waiting.get(point) ?? []), fault]),
    async meet(point, signal) {
      const fault = waiting.get(point)?.shift()
      if (fault instanceof Error) throw fault
      if (fault !== 'hang') return
      hanging.add(point)
      await pass(Infinity, point, signal).finally(() => hanging.delete(point))
    },
    hanging: () => hanging,
  }
}

/** The longest time that one timer takes; a longer one fires at once. */
const LONGEST_MS = 0x7fffffff

/** Lets time pass; rejects as the signal says, `cancelled` if it does not. */
export async function pass(ms: number, what: string, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(Math.min(ms, LONGEST_MS), undefined, { ...(signal !== undefined && { signal }), ref: ms !== Infinity })
  } catch (cause) {
    if (signal?.reason instanceof TetrarchError) throw signal.reason
    throw fail('cancelled', { what: `${what} was cancelled` }, { cause })
  }
}
