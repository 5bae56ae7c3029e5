/** What Linux says of a process, of which nothing is asked. Source: proc(5). */
import { readFile } from 'node:fs/promises'

export interface ProcessStat {
  /** R, S, D, T, Z … */
  readonly state: string
  /** When it began, in clock ticks since the boot: with its pid this names one process for ever. */
  readonly began: string
}

/** Null when there is no such process. */
export async function processStat(pid: number, proc: string): Promise<ProcessStat | null> {
  const stat = await readFile(`${proc}/${pid}/stat`, 'latin1').catch(() => '')
  // The name in parentheses may hold blanks and parentheses: count from the last one. state and starttime are fields 3 and 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, began] = [fields[0], fields[19]]
  return state === undefined || began === undefined ? null : { state, began }
}

/** How often its main thread has gone to sleep by itself; 0 for one that has gone. */
export async function mainThreadSleeps(pid: number, proc: string): Promise<number> {
  const status = await readFile(`${proc}/${pid}/task/${pid}/status`, 'latin1').catch(() => '')
  return Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(status)?.[1] ?? '0')
}
