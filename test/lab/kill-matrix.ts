/** What is tried at which step on real Xen: a table, as data. test/lab/kill-matrix.test.ts walks it. */

export type Operation = 'create' | 'start' | 'shutdown' | 'reboot' | 'destroy'
export type Fault = 'cancel' | 'worker' | 'daemon'

export interface Point {
  readonly step: string
  /** What a libxl worker does in it. */
  readonly libxl?: string
}

const starting: readonly Point[] = [
  { step: 'check the definition' },
  { step: 'find the kernel' },
  { step: 'choose the mode' },
  { step: 'check the memory', libxl: 'need-memory' },
  { step: 'record the start' },
  { step: 'build the domain', libxl: 'create' },
  { step: 'follow the domain' },
  { step: 'let it run', libxl: 'unpause' },
]
/** What a guest of this shape takes is known from its first start. */
const startingAgain: readonly Point[] = starting.map(({ step, ...point }) =>
  step === 'check the memory' ? { step } : { step, ...point },
)
const destroying: readonly Point[] = [{ step: 'destroy the domain', libxl: 'destroy' }, { step: 'forget the run' }]

/** The steps of each operation. A start is the create of a guest that is defined. */
export const operations: Readonly<Record<Operation, readonly Point[]>> = {
  create: starting,
  start: starting,
  shutdown: [{ step: 'ask the guest' }, { step: 'wait for it to stop' }, ...destroying],
  reboot: [
    { step: 'ask the guest' },
    { step: 'wait for it to go down' },
    { step: 'note what is attached', libxl: 'retrieve-configuration' },
    ...destroying,
    ...startingAgain,
  ],
  destroy: destroying,
}

export interface Cell {
  readonly operation: Operation
  readonly point: Point
  readonly fault: Fault
}

const faultsOf = ({ libxl }: Point): readonly Fault[] =>
  libxl === undefined ? ['cancel', 'daemon'] : ['cancel', 'worker', 'daemon']

export const allCells: readonly Cell[] = Object.entries(operations).flatMap(([operation, points]) =>
  points.flatMap((point) => faultsOf(point).map((fault) => ({ operation: operation as Operation, point, fault }))),
)

/** What a run that has little time tries: each fault, each operation, and the steps at which most is at stake. */
const telling: ReadonlySet<string> = new Set([
  'create, build the domain, worker',
  'create, let it run, cancel',
  'start, follow the domain, daemon',
  'shutdown, wait for it to stop, cancel',
  'shutdown, destroy the domain, daemon',
  'reboot, note what is attached, worker',
  'reboot, build the domain, daemon',
  'destroy, destroy the domain, worker',
])

const nameOf = ({ operation, point, fault }: Cell): string => `${operation}, ${point.step}, ${fault}`

export const cellsFor = (extent: string | undefined): readonly Cell[] =>
  extent === 'full' ? allCells : allCells.filter((cell) => telling.has(nameOf(cell)))

/** A row for each step; `outcomeOf` says what became of the guest. */
export function matrixTable(outcomeOf: (cell: Cell) => string): string {
  const row = (words: readonly string[]) => `| ${words.join(' | ')} |`
  const rows = Object.entries(operations).flatMap(([operation, points]) =>
    points.map((point) =>
      row([
        operation,
        point.step,
        ...(['cancel', 'worker', 'daemon'] as const).map((fault) =>
          faultsOf(point).includes(fault) ? outcomeOf({ operation: operation as Operation, point, fault }) : '–',
        ),
      ]),
    ),
  )
  const head = ['operation', 'at the step', 'cancel', 'worker dies', 'daemon dies']
  return [row(head), row(head.map(() => '---')), ...rows].join('\n')
}
