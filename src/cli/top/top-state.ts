/** What a live table shows and how keys change it. Nothing here knows of a terminal. */
import type { GuestRates, Sample } from './sample.ts'

/** What rows can be sorted by, each with its key. Names sort upwards, everything else from the most down. */
export const sortKeys = {
  cpu: { key: 'c', says: 'CPU', value: (row) => row.cpuPercent ?? 0 },
  memory: { key: 'm', says: 'memory', value: (row) => row.memoryMiB },
  disk: { key: 'd', says: 'disk', value: ({ disk }) => (disk === null ? 0 : disk.read + disk.written) },
  network: {
    key: 't',
    says: 'traffic',
    value: ({ network }) => (network === null ? 0 : network.received + network.sent),
  },
  qemu: { key: 'e', says: 'QEMU', value: ({ deviceModel }) => deviceModel?.memoryMiB ?? 0 },
  name: { key: 'n', says: 'name', value: () => 0 },
} as const satisfies Record<string, { key: string; says: string; value: (row: GuestRates) => number }>

export type SortName = keyof typeof sortKeys
export const sortNames = Object.keys(sortKeys) as readonly SortName[]

export interface TopState {
  readonly sample: Sample | null
  readonly sort: SortName
  readonly order: 'usual' | 'reversed'
  /** The first row that is shown. */
  readonly first: number
  /** The CPU use of each domain in the last samples, oldest first, by uuid. */
  readonly history: ReadonlyMap<string, readonly (number | null)[]>
  /** Why there is no news, null while there is. */
  readonly trouble: string | null
}

/** Samples that a sparkline can show. */
const HISTORY = 60

export const openTop = (sort: SortName): TopState => ({
  sample: null,
  sort,
  order: 'usual',
  first: 0,
  history: new Map(),
  trouble: null,
})

/** A new sample came. Domains that have gone are forgotten. */
export function receive(state: TopState, sample: Sample): TopState {
  const history = new Map(
    sample.guests.map(({ uuid, cpuPercent }) => [
      uuid,
      [...(state.history.get(uuid) ?? []), cpuPercent].slice(-HISTORY),
    ]),
  )
  return { ...state, sample, history, trouble: null, first: Math.min(state.first, lastRow(sample)) }
}

const lastRow = (sample: Sample | null): number => Math.max(0, (sample?.guests.length ?? 0) - 1)

export interface TopKey {
  readonly name?: string | undefined
  readonly ctrl?: boolean | undefined
}

/** Rows that Page Up and Page Down move by. */
const PAGE = 10
const moves: Readonly<Record<string, number>> = { up: -1, down: 1, pageup: -PAGE, pagedown: PAGE }

/** What a key makes of it; other keys change nothing. */
export function press(state: TopState, { name = '', ctrl = false }: TopKey): TopState | 'leave' {
  if (name === 'q' || name === 'escape' || (ctrl && (name === 'c' || name === 'd'))) return 'leave'
  const move = moves[name]
  if (move !== undefined) return { ...state, first: Math.max(0, Math.min(state.first + move, lastRow(state.sample))) }
  if (name === 'r') return { ...state, order: state.order === 'usual' ? 'reversed' : 'usual', first: 0 }
  const sort = sortNames.find((each) => sortKeys[each].key === name)
  return sort === undefined || ctrl ? state : { ...state, sort, order: 'usual', first: 0 }
}

/** Rows in order; equal ones by name, so that they stay where they are. */
export function sorted(guests: readonly GuestRates[], sort: SortName, order: TopState['order']): readonly GuestRates[] {
  const { value } = sortKeys[sort]
  const rows = guests.toSorted((one, other) => value(other) - value(one) || one.name.localeCompare(other.name))
  return order === 'usual' ? rows : rows.reverse()
}
