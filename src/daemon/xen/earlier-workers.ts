/** Workers of a daemon that was killed: they undo or finish what they were at, and leave. */
import { readFile, readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Nobody tells of the end of a process that is not a child. Milliseconds. */
const LOOK_AGAIN = 50

/**
 * Waits until no orphaned worker is left, so that nobody else is at a domain which we look at. One that takes longer than
 * its grace is killed.
 */
export async function outliveEarlierWorkers(workerFile: string, graceMs: number): Promise<void> {
  const end = performance.now() + graceMs
  for (;;) {
    const orphans = await orphanedWorkers(workerFile)
    if (orphans.length === 0) return
    if (performance.now() > end) for (const pid of orphans) killGroup(pid)
    await sleep(LOOK_AGAIN)
  }
}

async function orphanedWorkers(workerFile: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map(async (pid) => ((await isOrphanOf(pid, workerFile)) ? [Number(pid)] : [])))
  return found.flat()
}

/** A worker whose parent has died is init's child (proc(5): the fourth field of stat). */
async function isOrphanOf(pid: string, workerFile: string): Promise<boolean> {
  try {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')
    if (!words.includes(workerFile)) return false
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return parent === '1' && state !== 'Z'
  } catch {
    // It ended while it was looked at.
    return false
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It ended by itself in the meantime.
  }
}
