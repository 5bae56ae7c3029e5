/** Locks between processes, on flock(1): the kernel frees them whenever and however their owner dies. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { cacheDirectory } from './place.ts'
import { say } from './run.ts'

/** Does `work` while no other process holds the lock `name` of this cache. */
export async function locked<T>(name: string, work: () => Promise<T>): Promise<T> {
  const file = join(cacheDirectory(), `${name}.lock`)
  // The holder ends when its standard input does, so a killed owner leaves no lock behind.
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const patience = setTimeout(() => say(`waiting for another lab command that holds ${file}`), 1000)
  try {
    const [first] = (await Promise.race([once(holder.stdout, 'data'), once(holder, 'close')])) as [unknown]
    if (!Buffer.isBuffer(first)) throw new Error(`flock ${file} ended at once`)
    clearTimeout(patience)
    return await work()
  } finally {
    clearTimeout(patience)
    holder.stdin.end()
  }
}
