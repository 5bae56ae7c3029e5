/** `npm run bench`: measures in the lab's dom0 against xl, prints a table and writes docs/benchmarks.md. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { dom0 } from '../lab/dom0.ts'
import { runningState } from '../lab/state.ts'
import { labName, labPlace } from '../lab/place.ts'
import type { Measured } from './in-dom0.ts'
import { report } from './report.ts'

const RUNS = Number(process.argv[2] ?? 5)
const BENCH_MS = 3_000_000

async function bundle(): Promise<string> {
  const outfile = join(mkdtempSync(join(tmpdir(), 'tetrarch-bench-')), 'in-dom0.mjs')
  const entryPoints = [new URL('in-dom0.ts', import.meta.url).pathname]
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node24' })
  return outfile
}

await dom0.push(await bundle(), '/root/bench.mjs')
console.log(`bench: ${RUNS} rounds of each, tetrarch and xl in turns; this takes a while …`)
const printed = await dom0.sh(`/usr/lib/tetrarch/node /root/bench.mjs ${RUNS}`, { timeoutMs: BENCH_MS })
const measured = JSON.parse(printed) as Measured
const accelerator = runningState(labPlace(labName()))?.accelerator ?? 'unknown'
const text = report(measured, {
  runs: RUNS,
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} processors, Xen ${measured.xen} under QEMU (${accelerator})`,
})
writeFileSync('docs/benchmarks.md', text)
console.log(text)
console.log('bench: written to docs/benchmarks.md')
process.exit(0)
