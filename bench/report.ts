import type { Idle, Memory, Result } from './in-dom0.ts'

/** What a run found, as far as it came. */
export interface Measured {
  readonly xen: string
  readonly idle: Idle
  readonly results: readonly Result[]
  readonly memory: readonly Memory[]
}

export interface Circumstances {
  readonly runs: number
  readonly date: string
  readonly machine: string
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

const milliseconds = (value: number) => (value >= 100 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`)
const mebibytes = (kiB: number) => `${(kiB / 1024).toFixed(1)} MiB`
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

export function resultRows({ name, times }: Result): string[] {
  const xl = median(times['xl'] ?? [])
  return Object.entries(times)
    .filter(([side]) => side !== 'xl')
    .map(([side, values]) => {
      const own = median(values)
      return row([name, side, milliseconds(own), milliseconds(xl), (own / xl).toFixed(2)])
    })
}

export const memoryRow = ({ guests, daemonKiB, workersKiB, workers, xlKiB }: Memory) =>
  row([String(guests), mebibytes(daemonKiB), `${mebibytes(workersKiB)} (${workers})`, mebibytes(xlKiB)])

/** The worst ratio to xl of what `name` and `side` start with. */
function worst(results: readonly Result[], name: string, side: string): number {
  const chosen = results.filter((result) => result.name.startsWith(name))
  return Math.max(...chosen.map(({ times }) => median(times[side] ?? []) / median(times['xl'] ?? [])))
}

const verdict = (target: string, value: string, met: boolean) => row([target, value, met ? 'met' : '**not met**'])

function targets({ results, idle }: Measured): string[] {
  const creation = worst(results, 'create', 'tetrarch')
  const list = worst(results, 'list', 'tetrarch API')
  return [
    verdict('create takes no longer than with xl', `ratio ${creation.toFixed(2)} at worst`, creation <= 1),
    verdict('list over the API takes at most 0.2 of `xl list`', `ratio ${list.toFixed(2)} at worst`, list <= 0.2),
    verdict('the idle daemon uses no CPU', `${idle.cpuMs} ms in ${idle.overMs / 1000} s`, idle.cpuMs === 0),
  ]
}

/** docs/benchmarks.md: medians, and ratios to xl in the same run. */
export function report(measured: Measured, { runs, date, machine }: Circumstances): string {
  const { results, memory, idle } = measured
  return `# Benchmarks

Made by \`npm run bench\` on ${date}: ${machine}. Medians of ${runs} rounds; in each round tetrarch and xl did the same thing
one after the other in the same dom0, with the same kernel, given as a raw vmlinux. A ratio below 1 means that tetrarch was
faster. Under emulation only the ratios mean anything.

| target | measured | |
| --- | --- | --- |
${targets(measured).join('\n')}

| what | side | it took | xl took | ratio |
| --- | --- | --- | --- | --- |
${results.flatMap(resultRows).join('\n')}

\`create\` leaves the guest paused on both sides. \`list\` over the API keeps its connection; the CLI and xl are processes, and
\`node -e 0\` is the least that any CLI on this runtime can take.

Memory (proportional set size) of what manages running guests; xl keeps a process for each:

| guests | tetrarchd | libxl workers | xl processes |
| --- | --- | --- | --- |
${memory.map(memoryRow).join('\n')}

The daemon and its workers, with nothing to do for ${idle.overMs / 1000} s, used ${idle.cpuMs} ms of CPU time.
`
}
