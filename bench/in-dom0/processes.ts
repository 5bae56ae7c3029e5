/** What the processes of each toolstack cost, by proc(5). */
import { spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import type { Idle, Memory } from '../findings.ts'
import { until } from './sides.ts'

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
const processes = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name))
const commandLine = (pid: string) => read(`/proc/${pid}/cmdline`)
const ours = (file: string) => processes().filter((pid) => commandLine(pid).includes(`/usr/lib/tetrarch/${file}`))
const number = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0)
const pssKiB = (pids: readonly string[]) =>
  pids.reduce((total, pid) => total + number(read(`/proc/${pid}/smaps_rollup`), /^Pss:\s+(\d+)/m), 0)

const isXl = (pid: string) => /^(\/usr\/sbin\/|\/usr\/lib\/xen-[\d.]+\/bin\/)?xl\0/.test(commandLine(pid))

export const xlKiB = (): number => pssKiB(processes().filter(isXl))

export function ourMemory(guests: number): Omit<Memory, 'xlKiB'> {
  const workers = ours('libxl-worker')
  return { guests, daemonKiB: pssKiB(ours('tetrarchd')), workersKiB: pssKiB(workers), workers: workers.length }
}

const threads = (pid: string) => {
  try {
    return readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}`)
  } catch {
    return []
  }
}

/** utime and stime, in clock ticks of 10 ms, and the times that a thread gave its processor away and got one again. */
function spent(): { readonly cpuMs: number; readonly wakeUps: number } {
  const each = [...ours('tetrarchd'), ...ours('libxl-worker')].flatMap(threads)
  return each.reduce(
    (total, task) => {
      const fields = read(`${task}/stat`)
        .replace(/^.*\) /, '')
        .split(' ')
      return {
        cpuMs: total.cpuMs + (Number(fields[11]) + Number(fields[12])) * 10,
        wakeUps: total.wakeUps + number(read(`${task}/status`), /^voluntary_ctxt_switches:\s+(\d+)/m),
      }
    },
    { cpuMs: 0, wakeUps: 0 },
  )
}

/** V8 tidies up for a while after work. */
const SETTLE_MS = 60_000
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** What the runtime alone takes, with nothing to do. */
async function bareNodeKiB(): Promise<number> {
  const bare = spawn('/usr/lib/tetrarch/node', ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' })
  await pause(SETTLE_MS / 20)
  const taken = pssKiB([String(bare.pid)])
  bare.kill()
  return taken
}

/** Nothing is asked of the daemon meanwhile, its last worker has left, and a minute has passed since then. */
export async function idle(guests: number, overMs = 60_000): Promise<Idle> {
  await until('the last worker to leave', () => Promise.resolve(ours('libxl-worker').length === 0), 1000)
  await pause(SETTLE_MS)
  const before = spent()
  await pause(overMs)
  const after = spent()
  const { daemonKiB, workers } = ourMemory(guests)
  return {
    ...{ guests, overMs, daemonKiB, workers, bareNodeKiB: await bareNodeKiB() },
    cpuMs: after.cpuMs - before.cpuMs,
    wakeUps: after.wakeUps - before.wakeUps,
  }
}
