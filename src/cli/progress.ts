import type { Context } from './context.ts'
import { escapeControl } from '../words/escape-control.ts'

/** What ends sooner needs no progress line. */
const QUIET_MS = 500
const REFRESH_MS = 200

/** One line on stderr that says what is going on and for how long, if stderr is a terminal. */
export class Progress implements Disposable {
  readonly #context: Context
  readonly #startedAt = performance.now()
  readonly #timer: NodeJS.Timeout | null
  #text = ''
  #shown = false

  constructor(context: Context) {
    this.#context = context
    const wanted = context.err.isTerminal && !context.quiet && !context.json
    this.#timer = wanted ? setInterval(() => this.#draw(), REFRESH_MS) : null
  }

  say(text: string): void {
    this.#text = escapeControl(text)
  }

  /** Removes the line, so that others can print. */
  clear(): void {
    if (this.#shown) this.#context.err.overwrite('')
    this.#shown = false
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer ?? undefined)
    this.clear()
  }

  #draw(): void {
    const passedMs = performance.now() - this.#startedAt
    if (passedMs < QUIET_MS || this.#text === '') return
    const line = `${this.#text} … ${(passedMs / 1000).toFixed(1)} s`
    this.#context.err.overwrite(line.slice(0, this.#context.err.width - 1))
    this.#shown = true
  }
}
