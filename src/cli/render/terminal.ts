import { styleText } from 'node:util'

/** What a colour says; without colours nothing is lost. */
export type Paint = 'heading' | 'good' | 'warning' | 'bad' | 'quiet'

const styles = {
  heading: 'bold',
  good: 'green',
  warning: 'yellow',
  bad: 'red',
  quiet: 'dim',
} as const satisfies Record<Paint, unknown>

/** `tetrarch list | head -1`: the reader has what it wanted, so nothing is wrong when it is gone. */
export function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

/** Where lines go: a terminal gets colours (unless NO_COLOR) and its width, a pipe gets plain whole lines. */
export class Terminal {
  readonly #stream: NodeJS.WriteStream

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY
  }

  /** Columns that lines may take; no limit in a pipe. */
  get width(): number {
    return this.isTerminal ? this.#stream.columns : Infinity
  }

  /** Columns to wrap prose at. */
  get proseWidth(): number {
    return Math.min(this.width, 80)
  }

  readonly color = (paint: Paint, text: string): string =>
    this.isTerminal ? styleText(styles[paint], text, { stream: this.#stream, validateStream: true }) : text

  print(...lines: readonly string[]): void {
    if (lines.length > 0) this.#stream.write(`${lines.join('\n')}\n`)
  }

  /** Writes over the current line. */
  overwrite(line: string): void {
    this.#stream.write(`\r\u001b[K${line}`)
  }
}
