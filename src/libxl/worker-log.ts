/** The lines a worker's libxl, and what it forked, wrote while one operation ran: told as they come, kept as evidence. */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
/** A line that libxl, or something it started, wrote. Untrusted text. */
export interface LogLine {
  readonly level: LogLevel
  readonly text: string
}

const LINE_CHARACTERS = 2000

/** The names of xtl_level_to_string (tools/libs/toollog/xtl_core.c). */
const levels: Readonly<Record<string, LogLevel>> = {
  debug: 'debug',
  verbose: 'debug',
  detail: 'debug',
  progress: 'debug',
  info: 'info',
  notice: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'error',
}

/** `libxl: error: libxl_create.c:…`. What has no level was written by a program that libxl ran, or by a dying C library. */
export function logLine(text: string): LogLine {
  const level = /^\w+: (\w+): /.exec(text)?.[1] ?? ''
  return { level: levels[level] ?? 'warn', text: text.slice(0, LINE_CHARACTERS) }
}

/** Keeps the first complaints and the last lines, so many of each. */
export class WorkerLog {
  readonly #kept: number
  readonly #complaints: string[] = []
  readonly #last: string[] = []

  constructor(kept: number) {
    this.#kept = kept
  }

  add({ level, text }: LogLine): void {
    if (text.trim() === '') return
    const complains = level === 'error' || level === 'warn'
    if (complains && this.#complaints.length < this.#kept) this.#complaints.push(text)
    this.#last.push(text)
    if (this.#last.length > this.#kept) this.#last.shift()
  }

  /** What libxl complained about, else the last lines. */
  complaints(): readonly string[] {
    return this.#complaints.length > 0 ? [...this.#complaints] : this.last()
  }

  /** The last lines of any level: for a worker that died in the middle. */
  last(): readonly string[] {
    return [...this.#last]
  }
}

/** Cuts a byte stream into lines. A line that never ends is cut, so a talkative child costs no memory. */
export function lineSplitter(onLine: (text: string) => void): (chunk: string) => void {
  let rest = ''
  return (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = (lines.pop() ?? '').slice(0, LINE_CHARACTERS)
    for (const line of lines) onLine(line)
  }
}
