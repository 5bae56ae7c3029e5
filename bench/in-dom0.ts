/**
 * Runs inside dom0 and prints what it measured, a JSON document a line, as soon as it has it: how long the daemon's API, our
 * CLI and xl take for the same things, one after the other in turns, so that a noisy machine treats them alike.
 */
import { execFile } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { createClient } from '../src/api/client.ts'

const run = promisify(execFile)
const runs = Number(process.argv[2] ?? 5)
const MATERIAL = '/var/lib/tetrarch-lab/guests'
const XL_FILE = '/root/bench.cfg'
const WAIT_MS = 600_000
const api = createClient({ socketPath: '/run/tetrarch/tetrarchd.sock', answerMs: WAIT_MS })

/** A contest: each side does the same once. */
interface Contest {
  readonly name: string
  readonly sides: Readonly<Record<string, () => Promise<unknown>>>
}
export interface Result {
  readonly name: string
  /** Milliseconds of each run, by side. */
  readonly times: Readonly<Record<string, readonly number[]>>
}
export interface Memory {
  readonly guests: number
  /** Proportional set size, KiB. */
  readonly daemonKiB: number
  readonly workersKiB: number
  readonly workers: number
  readonly xlKiB: number
}
/** CPU time of the daemon and its workers over a quiet time, milliseconds each. */
export interface Idle {
  readonly overMs: number
  readonly cpuMs: number
}
/** A line of what this program prints. */
export type Finding =
  { readonly xen: string } | { readonly idle: Idle } | { readonly result: Result } | { readonly memory: Memory }

const config = (name: string, type: string, more = '') =>
  `name = "${name}"\ntype = "${type}"\nmemory = 128\nkernel = "${MATERIAL}/vmlinux"\nramdisk = "${MATERIAL}/initrd-pv.img"\n${more}`
const devices = 'disk = ["/srv/bench.img,raw,xvda,rw"]\nvif = ["bridge=xenbr0"]\n'
const tiny = (name: string) => `name = "${name}"\ntype = "pvh"\nmemory = 32\nkernel = "${MATERIAL}/pvgrub-pvh.bin"\n`

const found = (finding: Finding): void => void process.stdout.write(`${JSON.stringify(finding)}\n`)

async function create(text: string, then: 'paused' | 'running'): Promise<void> {
  const body = { definition: { file: XL_FILE, text }, paused: then === 'paused' }
  const { problem } = await api.call('create', { query: { wait: WAIT_MS }, body })
  if (problem !== null) throw new Error(JSON.stringify(problem))
}
const destroy = (guest: string) => api.call('destroy', { params: { guest }, query: { wait: WAIT_MS } })

async function xlCreate(text: string): Promise<void> {
  writeFileSync(XL_FILE, text)
  await run('xl', ['create', '-p', XL_FILE])
}
const xlDestroy = (name: string) => run('xl', ['destroy', name])

/** Runs the sides in turns. The first round warms caches on both sides and does not count. */
async function contest({ name, sides }: Contest): Promise<Result> {
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(sides).map((side) => [side, []]))
  for (let round = 0; round <= runs; round++) {
    for (const [side, act] of Object.entries(sides)) {
      const taken = await timed(act)
      if (round > 0) times[side]?.push(taken)
    }
  }
  return { name, times }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await act()
  return performance.now() - begun
}

/** Each side creates and destroys the same guest, in turns; both halves are measured. */
async function lives(type: string, what: string, more: string): Promise<void> {
  const text = config('bench', type, more)
  const sides = {
    tetrarch: { create: () => create(text, 'paused'), destroy: () => destroy('bench') },
    xl: { create: () => xlCreate(text), destroy: () => xlDestroy('bench') },
  }
  const creations: Record<string, number[]> = { tetrarch: [], xl: [] }
  const ends: Record<string, number[]> = { tetrarch: [], xl: [] }
  for (let round = 0; round <= runs; round++) {
    for (const [side, acts] of Object.entries(sides)) {
      const creation = await timed(acts.create)
      const end = await timed(acts.destroy)
      if (round === 0) continue
      creations[side]?.push(creation)
      ends[side]?.push(end)
    }
  }
  found({ result: { name: `create ${type}, ${what}`, times: creations } })
  found({ result: { name: `destroy ${type}, ${what}`, times: ends } })
}

const lists = (guests: number): Promise<Result> =>
  contest({
    name: `list with ${guests} guests`,
    sides: {
      'tetrarch API': () => api.call('guests', {}),
      'tetrarch CLI': () => run('tetrarch', ['list', '--json']),
      xl: () => run('xl', ['list']),
      'node -e 0': () => run('/usr/lib/tetrarch/node', ['-e', '0']),
    },
  })

function pssKiB(pid: string): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
const processes = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name))
const commandLine = (pid: string) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
const ours = (file: string) => processes().filter((pid) => commandLine(pid).includes(`/usr/lib/tetrarch/${file}`))
const sum = (pids: readonly string[]) => pids.reduce((total, pid) => total + pssKiB(pid), 0)

function memory(guests: number): Memory {
  const workers = ours('libxl-worker')
  const xl = processes().filter((pid) => /^(\/usr\/sbin\/|\/usr\/lib\/xen-[\d.]+\/bin\/)?xl\0/.test(commandLine(pid)))
  return {
    guests,
    daemonKiB: sum(ours('tetrarchd')),
    workersKiB: sum(workers),
    workers: workers.length,
    xlKiB: sum(xl),
  }
}

/** utime and stime of proc(5), in clock ticks of 10 ms. */
const cpuMs = (pids: readonly string[]) =>
  pids.reduce((total, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return total + (Number(fields[11]) + Number(fields[12])) * 10
  }, 0)

async function idle(): Promise<Idle> {
  const pids = [...ours('tetrarchd'), ...ours('libxl-worker')]
  const overMs = 30_000
  const before = cpuMs(pids)
  await new Promise((resolve) => setTimeout(resolve, overMs))
  return { overMs, cpuMs: cpuMs(pids) - before }
}

/** The same guests by each toolstack in turn, paused lest they take the processors, for the memory of what stays behind for each. */
async function crowd(guests: number): Promise<void> {
  const names = Array.from({ length: guests }, (_, index) => `tiny${index}`)
  for (const name of names) await create(tiny(name), 'paused')
  found({ result: await lists(guests) })
  const { daemonKiB, workersKiB, workers } = memory(guests)
  for (const name of names) await destroy(name)
  for (const name of names) await xlCreate(tiny(name))
  found({ memory: { guests, daemonKiB, workersKiB, workers, xlKiB: memory(guests).xlKiB } })
  for (const name of names) await xlDestroy(name)
}

await run('truncate', ['-s', '64M', '/srv/bench.img'])
const { xenVersion } = await api.call('host', {})
found({ xen: xenVersion })
found({ idle: await idle() })
for (const guests of [1, 10]) await crowd(guests)
for (const type of ['pv', 'pvh']) {
  await lives(type, 'no devices', '')
  await lives(type, 'a disk and a nic', devices)
}
process.exit(0)
