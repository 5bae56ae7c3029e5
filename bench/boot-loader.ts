/**
 * `npm run bench -- boot-loader [ROUNDS]`: the boot loader against Xen's pygrub (package xen-utils), as root, on this
 * machine or in any dom0: neither needs Xen. All sides take their turns on the same disks in each round.
 */
import { execFileSync, spawn } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { bundleSandbox } from '../scripts/bundle.ts'
import { extractBoot, type SandboxOptions } from '../src/pygrub/sandbox.ts'
import { writeBootLoaderBlock } from './blocks.ts'
import { type BootImage, bootImages } from './boot-images.ts'

const ROUNDS = Number(process.argv[2] ?? 20)
const [PYGRUB] = globSync('/usr/lib/xen-*/bin/pygrub')
if (PYGRUB === undefined) throw new Error('pygrub is missing: apt-get install xen-utils-4.17')
if (process.getuid?.() !== 0) throw new Error('the sandbox is only whole for root')

const folder = mkdtempSync('/var/tmp/tetrarch-bench-')
const out = join(folder, 'out')

interface Side {
  readonly name: string
  act(image: BootImage): Promise<unknown>
}

interface Taken {
  readonly wallMs: number[]
  cpuMs: number
}

/** CPU time of this process and of all that it waited for, milliseconds (proc(5), ticks of 10 ms for the children). */
function cpuMs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  const { user, system } = process.cpuUsage()
  return (Number(fields[13]) + Number(fields[14])) * 10 + (user + system) / 1000
}

async function sandbox(): Promise<SandboxOptions> {
  const program = join(folder, 'program')
  await bundleSandbox(program)
  execFileSync('chmod', ['755', folder, program])
  const limits = { cpuSeconds: 60, wallMs: 120_000, memoryMiB: 512, outputMiB: 512, parentFolders: [], maxParents: 32 }
  return { program: join(program, 'boot-sandbox.mjs'), uidBase: 131_072, ...limits }
}

const pygrub = (path: string, args: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const words = ['-q', '--output-format=simple0', `--output-directory=${out}`, `--output=${join(out, 'said')}`]
    // As libxl does, which gives it a fifo: it opens what is there.
    writeFileSync(join(out, 'said'), '')
    const child = spawn(PYGRUB, [...words, ...args, path], { stdio: 'ignore' })
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`pygrub ended with ${String(code)}`))))
  })

const options = await sandbox()
const cache = { directory: join(folder, 'cache'), maxMiB: 4096 }
const request = ({ path }: BootImage) => ({ disk: path, format: 'raw', outputDirectory: out }) as const
const sides: readonly Side[] = [
  { name: 'tetrarch', act: (image) => extractBoot(request(image), options) },
  { name: 'tetrarch, again', act: (image) => extractBoot(request(image), { ...options, cache }) },
  { name: 'pygrub', act: ({ path }) => pygrub(path, []) },
  { name: 'pygrub --runas', act: ({ path }) => pygrub(path, ['--runas=65534']) },
]

async function measured(act: () => Promise<unknown>, taken: Taken): Promise<void> {
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { mode: 0o755 })
  const [cpu, begun] = [cpuMs(), performance.now()]
  await act()
  taken.wallMs.push(performance.now() - begun)
  taken.cpuMs += cpuMs() - cpu
}

/** The largest that any process below this one became while something ran, KiB (VmHWM of proc(5)). */
async function peakKiB(act: () => Promise<unknown>): Promise<number> {
  let peak = 0
  const look = setInterval(() => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8')
        const isOurs = /^Uid:\s+131\d\d\d\b/m.test(status)
        const isPygrub = readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('/bin/pygrub\0')
        if (isOurs || isPygrub) peak = Math.max(peak, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0))
      } catch {
        // It ended in between.
      }
    }
  }, 1)
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out)
  await act()
  clearInterval(look)
  return peak
}

async function contest(image: BootImage): Promise<string[]> {
  const newlyTaken = (): Taken => ({ wallMs: [], cpuMs: 0 })
  const all = sides.map((side) => ({ side, taken: newlyTaken() }))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { side, taken } of all) await measured(() => side.act(image), round === 0 ? newlyTaken() : taken)
  }
  const rows: string[] = []
  for (const { side, taken } of all) {
    const sorted = taken.wallMs.toSorted((left, right) => left - right)
    const middle = sorted[sorted.length >> 1] ?? NaN
    const peak = side.name === 'tetrarch, again' ? 0 : await peakKiB(() => side.act(image))
    const numbers = [sorted[0] ?? NaN, middle, taken.cpuMs / ROUNDS].map((value) => `${value.toFixed(1)} ms`)
    rows.push(
      `| ${[image.name, side.name, ...numbers, peak === 0 ? '' : `${(peak / 1024).toFixed(0)} MiB`].join(' | ')} |`,
    )
    console.log(rows.at(-1))
  }
  return rows
}

try {
  const rows: string[] = []
  for (const image of bootImages(folder)) rows.push(...(await contest(image)))
  writeBootLoaderBlock(`## The boot loader

Made by \`npm run bench -- boot-loader\` on ${new Date().toISOString().slice(0, 10)}, on ${cpus().length} processors with a load
average of ${loadavg()[0]?.toFixed(1) ?? '?'} when it ended; ${ROUNDS} rounds. In each round all took
their turn with the same disk, an uncompressed kernel and a ramdisk, in the page cache. tetrarch is a cold extraction in its sandbox
with all that the daemon does around it; "again" is the next start of an unchanged guest; CPU is the mean of all processes.

| disk | side | wall, least | wall, median | CPU | memory |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
