import type { Paint } from './terminal.ts'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  readonly align?: 'left' | 'right'
  /** Gives way first when the table is wider than the terminal. */
  readonly shrinks?: boolean
  readonly paint?: (row: Row) => Paint | null
}

export interface TableOptions {
  /** Columns of the terminal; Infinity for what is no terminal. */
  readonly width: number
  readonly color: (paint: Paint, text: string) => string
  /** What stands between two columns; two blanks unless given. */
  readonly gap?: string
}

const GAP = '  '
const LEAST_WIDTH = 6

/** Lines of a table. Cells are taken as printable already. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, color, gap = GAP }: TableOptions,
): readonly string[] {
  const cells = rows.map((row) => columns.map((column) => column.value(row)))
  const widths = fit(columns, cells, width + gap.length - gap.length * columns.length)
  const line = (texts: readonly string[], paints: readonly (Paint | null)[]) =>
    texts
      .map((text, index) => {
        const cell = pad(text, widths[index] ?? 0, columns[index]?.align ?? 'left', index === columns.length - 1)
        const paint = paints[index] ?? null
        return paint === null ? cell : color(paint, cell)
      })
      .join(gap)
  const header = line(
    columns.map(({ title }) => title),
    columns.map(() => 'heading'),
  )
  return [
    header,
    ...rows.map((row, index) =>
      line(
        cells[index] ?? [],
        columns.map(({ paint }) => paint?.(row) ?? null),
      ),
    ),
  ]
}

/** The widths of columns that may take `width` together, without what is between them. */
function fit<Row>(columns: readonly Column<Row>[], cells: readonly (readonly string[])[], width: number): number[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((row) => lengthOf(row[index] ?? ''))),
  )
  let excess = widths.reduce((sum, each) => sum + each, 0) - width
  for (const [index, column] of columns.entries()) {
    if (excess <= 0 || column.shrinks !== true) continue
    const now = widths[index] ?? 0
    widths[index] = Math.max(LEAST_WIDTH, now - excess)
    excess -= now - (widths[index] ?? 0)
  }
  return widths
}

function pad(text: string, width: number, align: 'left' | 'right', isLast: boolean): string {
  const short =
    lengthOf(text) > width
      ? `${characters(text)
          .slice(0, width - 1)
          .join('')}…`
      : text
  const space = ' '.repeat(Math.max(0, width - lengthOf(short)))
  if (align === 'right') return space + short
  return isLast ? short : short + space
}

/** Latin, dashes, arrows, boxes and bars: no two of these become one. Others are left to the tables of Unicode, which take 10 ms to open. */
const SINGLE = /^[ -\u02ff\u2010-\u2027\u2190-\u28ff]*$/

// What takes one place in a terminal, combining marks included; wide East Asian characters count as one too.
const characters = (text: string): readonly string[] =>
  SINGLE.test(text) ? Array.from(text) : Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
const lengthOf = (text: string): number => (SINGLE.test(text) ? text.length : characters(text).length)
