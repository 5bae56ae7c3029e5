/** The lines of a live table, or of one sample; none longer than the terminal is wide. */
import { escapeControl } from '../../words/escape-control.ts'
import { type Column, type TableOptions, renderTable } from '../render/table.ts'
import { bytesText, percentText, sparkline } from './numbers.ts'
import type { GuestRates, Sample } from './sample.ts'
import { type SortName, type TopState, sortKeys, sortNames, sorted } from './top-state.ts'

const MIB = 1024 * 1024
const SPARK_WIDTH = 6
const NONE = '–'

interface TopColumn extends Column<GuestRates> {
  /** Columns with higher numbers leave first when the terminal is narrow. */
  readonly leaves: number
  /** What sorts by this column. */
  readonly sort?: SortName
}

const rate = (bytes: number | undefined): string => (bytes === undefined ? NONE : bytesText(bytes))
const right = { align: 'right', leaves: 0 } as const

const columnsOf = (history: TopState['history']): readonly TopColumn[] => [
  {
    title: 'NAME',
    value: ({ name, managed }) => `${escapeControl(name)}${managed ? '' : ' *'}`,
    ...{ shrinks: true, leaves: 0, sort: 'name' },
  },
  {
    title: 'MODE',
    value: ({ mode }) => mode.observed ?? mode.chosen ?? '?',
    paint: ({ mode: { observed, chosen } }) =>
      observed !== null && chosen !== null && observed !== chosen ? 'warning' : null,
    leaves: 0,
  },
  {
    title: 'STATE',
    value: ({ state }) => state,
    paint: ({ state }) => (state === 'running' ? 'good' : state === 'crashed' ? 'bad' : 'warning'),
    leaves: 3,
  },
  { title: 'CPU%', value: ({ cpuPercent }) => percentText(cpuPercent), ...right, sort: 'cpu' },
  {
    title: 'LATELY',
    value: ({ uuid, vcpus }) => sparkline(history.get(uuid) ?? [], { most: vcpus * 100, width: SPARK_WIDTH }),
    leaves: 4,
  },
  { title: 'MEM', value: ({ memoryMiB }) => bytesText(memoryMiB * MIB), ...right, sort: 'memory' },
  { title: 'READ', value: ({ disk }) => rate(disk?.read), ...right, leaves: 2, sort: 'disk' },
  { title: 'WRITE', value: ({ disk }) => rate(disk?.written), ...right, leaves: 2, sort: 'disk' },
  { title: 'RECV', value: ({ network }) => rate(network?.received), ...right, leaves: 1, sort: 'network' },
  { title: 'SENT', value: ({ network }) => rate(network?.sent), ...right, leaves: 1, sort: 'network' },
  {
    title: 'QCPU%',
    value: ({ deviceModel }) => (deviceModel === null ? NONE : percentText(deviceModel.cpuPercent)),
    ...{ ...right, leaves: 5 },
  },
  {
    title: 'QMEM',
    value: ({ deviceModel }) => rate(deviceModel === null ? undefined : deviceModel.memoryMiB * MIB),
    ...{ ...right, leaves: 5, sort: 'qemu' },
  },
]

const uncoloured: TableOptions['color'] = (_paint, text) => text

/** The widest table that fits, with a mark at the column that sorts. */
function table(rows: readonly GuestRates[], columns: readonly TopColumn[], options: TableOptions): readonly string[] {
  const fits = (some: readonly TopColumn[]) =>
    renderTable(some, rows, { ...options, color: uncoloured }).every(({ length }) => length <= options.width)
  let shown = columns
  for (let leaves = 5; leaves > 0 && !fits(shown); leaves -= 1)
    shown = shown.filter((column) => column.leaves !== leaves)
  return renderTable(shown, rows, options)
}

/** One sample without decoration: what a pipe gets. */
export const sampleLines = ({ guests }: Sample, sort: SortName): readonly string[] =>
  table(
    sorted(guests, sort, 'usual'),
    columnsOf(new Map()).filter(({ title }) => title !== 'LATELY'),
    { width: Infinity, color: uncoloured },
  )

export interface TopSize {
  readonly columns: number
  readonly rows: number
  /** Seconds between samples. */
  readonly delay: number
}

/** Two lines of sums, a blank one, the table's heading, and the line of keys. */
const AROUND = 5

/** The whole screen, as many lines as it has at most. */
export function drawTop(
  state: TopState,
  { columns: width, rows: height, delay }: TopSize,
  color: TableOptions['color'],
): readonly string[] {
  const { sample, trouble, first, sort, order, history } = state
  const cut = (line: string) => line.slice(0, width)
  if (sample === null) return [cut(trouble ?? 'counting …')]
  const room = Math.max(1, height - AROUND)
  const all = sorted(sample.guests, sort, order)
  const rows = all.slice(first, first + room)
  const lines = table(rows, columnsOf(history), { width, color, gap: ' ' })
  const [when, sums] = summaryOf(sample, delay)
  const part = all.length > room ? `  rows ${first + 1}–${first + rows.length}` : ''
  return [
    color('heading', cut(when + part)),
    trouble === null ? cut(sums) : color('bad', cut(trouble)),
    '',
    ...(all.length === 0 ? ['no guest runs'] : lines),
    ...Array.from({ length: room - Math.max(rows.length, all.length === 0 ? 0 : 1) }, () => ''),
    color('quiet', cut(helpOf(state))),
  ]
}

function summaryOf({ time, host, guests }: Sample, delay: number): readonly [string, string] {
  const modes = Map.groupBy(guests, ({ mode }) => mode.observed ?? mode.chosen ?? 'unknown')
  const counts = [...modes].map(([mode, those]) => `${those.length} ${mode}`).join(', ')
  const clock = new Date(time).toLocaleTimeString('sv-SE')
  const sum = (value: (row: GuestRates) => number | null) => guests.reduce((all, row) => all + (value(row) ?? 0), 0)
  const models = guests.flatMap(({ deviceModel }) => deviceModel ?? [])
  const memory = models.reduce((all, { memoryMiB }) => all + memoryMiB, 0)
  const mib = (value: number) => bytesText(value * MIB)
  return [
    `${clock}  ${guests.length} guest${guests.length === 1 ? '' : 's'}${counts === '' ? '' : `: ${counts}`}  (every ${delay} s)`,
    [
      `CPU ${percentText(sum(({ cpuPercent }) => cpuPercent))}% of ${host.cpus * 100}%`,
      `memory ${mib(sum(({ memoryMiB }) => memoryMiB))} of ${mib(host.memoryMiB)}, ${mib(host.freeMemoryMiB)} free`,
      `QEMU ${models.length}${models.length === 0 ? '' : `, ${mib(memory)}`}`,
    ].join('   '),
  ]
}

function helpOf({ sort, order }: TopState): string {
  const keys = sortNames.map(
    (name) => `${sortKeys[name].key} ${sortKeys[name].says}${name === sort ? mark(order) : ''}`,
  )
  return `q leaves  sort: ${keys.join('  ')}  r reverse`
}

const mark = (order: TopState['order']): string => (order === 'usual' ? ' ▾' : ' ▴')
