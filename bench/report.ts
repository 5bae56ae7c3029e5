/** docs/benchmarks.md but for the boot loader's block: tables of medians, and ratios to xl in the same run. */
import type { Growth, Idle, Memory, Rate, Result } from './findings.ts'
import { median, p95, slope } from './statistics.ts'
import { targets } from './targets.ts'

/** What a run found, as far as it came. */
export interface Measured {
  readonly xen: string
  readonly idle: readonly Idle[]
  readonly results: readonly Result[]
  readonly growths: readonly Growth[]
  readonly rates: readonly Rate[]
  readonly memory: readonly Memory[]
}

export interface Circumstances {
  readonly runs: number
  readonly date: string
  readonly machine: string
}

const milliseconds = (value: number) => (value >= 100 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`)
const mebibytes = (kiB: number) => `${(kiB / 1024).toFixed(1)} MiB`
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly string[]) =>
  [row(head), row(head.map(() => '---')), ...rows].join('\n')

/** Sides that show where a difference comes from, or the least that is possible, are compared with nothing. */
const isMeasure = (side: string) => side === 'xl' || side === 'node -e 0' || side === 'xenstore-watch'

export function resultRows({ name, times, failures = {} }: Result): string[] {
  const peer = ['xl', 'xenstore-watch', 'node -e 0'].find((side) => side in times) ?? ''
  const base = median(times[peer] ?? [])
  return Object.entries(times).map(([side, values], index) => {
    const own = median(values)
    const of = isMeasure(side) && side === peer ? '' : (own / base).toFixed(2)
    const failed = failures[side] ?? 0
    const who = failed === 0 ? side : `${side}, ${failed} failed`
    return row([index === 0 ? name : '', who, milliseconds(own), milliseconds(p95(values)), of])
  })
}

export const memoryRow = ({ guests, daemonKiB, workersKiB, workers, xlKiB }: Memory) =>
  row([String(guests), mebibytes(daemonKiB), `${mebibytes(workersKiB)} (${workers})`, mebibytes(xlKiB)])

export const idleRow = ({ guests, overMs, cpuMs, wakeUps }: Idle) =>
  row([String(guests), `${overMs / 1000} s`, `${cpuMs} ms`, ((wakeUps * 60_000) / overMs).toFixed(1)])

export const rateRow = ({ name, perSecond }: Rate) =>
  row([name, ...Object.values(perSecond).map((rate) => rate.toFixed(0))])

export function growthRow({ name, points }: Growth): string {
  const sides = Object.values(points)
  const ends = sides.map((its) => {
    const byGuests = [...its].sort((a, b) => a.guests - b.guests)
    const few = median(byGuests.slice(0, 5).map(({ ms }) => ms))
    const many = median(byGuests.slice(-5).map(({ ms }) => ms))
    return `${milliseconds(few)} → ${milliseconds(many)}`
  })
  const slopes = sides.map((its) => `${slope(its).toFixed(2)} ms`)
  return row([name, ends[0] ?? '', slopes[0] ?? '', ends[1] ?? '', slopes[1] ?? ''])
}

export function report(measured: Measured, { runs, date, machine }: Circumstances): string {
  const { results, memory, idle, rates, growths } = measured
  const verdicts = targets(measured).map(({ wanted, measured: is, met }) =>
    row([wanted, is, is.startsWith('not in') ? '' : met ? 'met' : '**not met**']),
  )
  return `# Benchmarks

Made by \`npm run bench\` on ${date}: ${machine}. Medians and 95th percentiles of ${runs} rounds (three where it says eight at once or
reboot); in each round tetrarch and xl did the same thing one after the other in the same dom0. Guests are given the kernel as a raw
vmlinux; "Debian's kernel" is the bzImage that Debian ships (xz), which xl unpacks each time and tetrarch keeps unpacked. The daemon has built
ten guests before it is measured, as one that is in use. A ratio below 1 means that tetrarch was faster. "libxl alone" is a process that has
libxl open and is given the same configuration: no toolstack can take less. "libvirt" is virsh with libvirt's Xen driver, given its own
translation of the same definition (a QEMU serves the disk). Under emulation only the ratios mean anything.

${table(['target, as a ratio to xl', 'measured', ''], verdicts)}

## What takes how long

${table(['what', 'side', 'median', 'p95', 'ratio'], results.flatMap(resultRows))}

\`create\` leaves the guest paused on both sides. \`list\` over the API keeps its connection; the CLI and xl are processes, and
\`node -e 0\` is the least that any CLI on this runtime can take. The end of a guest is measured from the start of \`xl destroy\`
beside a bare \`xenstore-watch\`. What a reboot takes is counted from the old domain's shutdown to the new one's run.

## What grows with the guests

![Times of create and destroy with the guests that are there already](benchmarks.svg)

${table(['what', 'tetrarch, the first five → the last', 'a guest more', 'xl, the first five → the last', 'a guest more'], growths.map(growthRow))}

${table(['what', 'tetrarch', 'xl'], rates.map(rateRow))}

## What it costs to be there

Memory (proportional set size) of what manages running guests; xl keeps a process for each:

${table(['guests', 'tetrarchd', 'libxl workers', 'xl processes'], memory.map(memoryRow))}

The daemon and its workers with nothing to do:

${table(['guests', 'for', 'CPU time', 'wake-ups a minute, all threads'], idle.map(idleRow))}
`
}
