/** `npm run bench`: measures in the lab's dom0 against xl, prints each result as it comes, and writes docs/benchmarks.md. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import { writeReport } from './blocks.ts'
import { dom0, reachable } from '../lab/dom0.ts'
import { sshCommand } from '../lab/ssh.ts'
import { runningState } from '../lab/state.ts'
import { labName, labPlace } from '../lab/place.ts'
import type { Finding } from './findings.ts'
import { plot } from './plot.ts'
import { type Measured, growthRow, idleRow, memoryRow, rateRow, report, resultRows } from './report.ts'

const RUNS = Number(process.argv[2] ?? 5)

/** The longest that all of it may take, seconds. */
const BENCH_S = 3000

async function sendProgram(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tetrarch-bench-'))
  const outfile = join(folder, 'in-dom0.mjs')
  const entryPoints = [new URL('in-dom0/main.ts', import.meta.url).pathname]
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node24' })
  await dom0.push(outfile, '/root/bench.mjs')
  rmSync(folder, { recursive: true })
}

/** What the program in dom0 finds, line by line. */
async function* findings(): AsyncGenerator<Finding> {
  const script = `timeout -k 5 ${BENCH_S} /usr/lib/tetrarch/node /root/bench.mjs ${RUNS}`
  const [ssh = '', ...args] = sshCommand(await reachable(), script)
  const child = spawn(ssh, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as Finding
  const code = await ended
  if (code !== 0) throw new Error(`bench: it ended early in dom0, exit ${String(code)}`)
}

async function measured(): Promise<Measured> {
  const all = { xen: 'unknown', idle: [], results: [], growths: [], rates: [], memory: [] } as Collected
  for await (const finding of findings()) {
    if ('xen' in finding) all.xen = finding.xen
    else if ('idle' in finding) show(all.idle, finding.idle, idleRow)
    else if ('memory' in finding) show(all.memory, finding.memory, memoryRow)
    else if ('growth' in finding) show(all.growths, finding.growth, growthRow)
    else if ('rate' in finding) show(all.rates, finding.rate, rateRow)
    else show(all.results, finding.result, (result) => resultRows(result).join('\n'))
  }
  return all
}

type Collected = { -readonly [K in keyof Measured]: Measured[K] extends readonly (infer One)[] ? One[] : Measured[K] }

function show<T>(into: T[], one: T, words: (one: T) => string): void {
  into.push(one)
  console.log(words(one))
}

const [load = 0] = loadavg()
await sendProgram()
console.log(`bench: ${RUNS} rounds of each, tetrarch and xl in turns; this takes a while …`)
const all = await measured()
const accelerator = runningState(labPlace(labName()))?.accelerator ?? 'unknown'
const text = report(all, {
  runs: RUNS,
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} processors, Xen ${all.xen} under QEMU (${accelerator}), load average ${load.toFixed(1)} when it began`,
})
writeReport(text)
writeFileSync('docs/benchmarks.svg', plot(all.growths))
console.log(`\n${text}\nbench: written to docs/benchmarks.md`)
process.exit(0)
