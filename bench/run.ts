/** `npm run bench`: measures in the lab's dom0 against xl, prints each result as it comes, and writes docs/benchmarks.md. */
import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { writeReport } from './blocks.ts'
import { linesOf } from './dom0-program.ts'
import { packages } from '../lab/packages.ts'
import { runningState } from '../lab/state.ts'
import { labName, labPlace } from '../lab/place.ts'
import type { Finding } from './findings.ts'
import { plot } from './plot.ts'
import { type Measured, growthRow, idleRow, memoryRow, rateRow, report, resultRows } from './report.ts'

const RUNS = Number(process.argv[2] ?? 5)

/** The second peer, from Debian: the daemon with its Xen driver alone, and its CLI. */
const LIBVIRT = ['libvirt-daemon', 'libvirt-daemon-driver-xen', 'libvirt-clients']

/** What is not measured by then is left out of the report. */
const MINUTES = Number(process.argv[3] ?? 90)

async function measured(): Promise<Measured> {
  const all = { xen: 'unknown', idle: [], results: [], growths: [], rates: [], memory: [] } as Collected
  for await (const line of linesOf({ entry: 'main.ts', args: [RUNS], seconds: MINUTES * 60 })) {
    const finding = line as Finding
    if ('xen' in finding) all.xen = finding.xen
    else if ('idle' in finding) show(all.idle, finding.idle, idleRow)
    else if ('memory' in finding) show(all.memory, finding.memory, memoryRow)
    else if ('growth' in finding) show(all.growths, finding.growth, growthRow)
    else if ('rate' in finding) show(all.rates, finding.rate, rateRow)
    else if ('result' in finding) show(all.results, finding.result, (result) => resultRows(result).join('\n'))
  }
  return all
}

type Collected = { -readonly [K in keyof Measured]: Measured[K] extends readonly (infer One)[] ? One[] : Measured[K] }

function show<T>(into: T[], one: T, words: (one: T) => string): void {
  into.push(one)
  console.log(words(one))
}

await packages(LIBVIRT)
const [load = 0] = loadavg()
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
