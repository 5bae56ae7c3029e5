/** What was looked at on a disk, in order: for the error that says why nothing boots, and for what a user should know anyway. */
import { plainLine } from './plain-line.ts'
import { type Volume } from './volumes.ts'

const MAX_NOTES = 200
const MAX_LINES = 450
const MEBIBYTE = 1024 * 1024

export class Report {
  readonly #lines: string[] = []
  readonly #notes: string[] = []

  /** Everything in order: read when nothing boots. */
  get lines(): readonly string[] {
    return this.#lines
  }

  /** What a user should know even when something boots. */
  get notes(): readonly string[] {
    return this.#notes
  }

  /** Something that was looked at. */
  readonly look = (text: string): void => {
    const line = plainLine(text)
    if (this.#lines.length < MAX_LINES && !this.#lines.includes(line)) this.#lines.push(line)
  }

  /** Something that was looked at and that matters in any case: a fallback, a line that is not understood. */
  readonly note = (text: string): void => {
    this.look(text)
    const line = plainLine(text)
    if (this.#notes.length < MAX_NOTES && !this.#notes.includes(line)) this.#notes.push(line)
  }
}

/** `gpt2: ext4 "root", 512 MiB`. */
export function describeVolume({ name, partition, filesystem: { type, label } }: Volume): string {
  const mebibytes = Math.ceil(partition.size / MEBIBYTE)
  return `${name}: ${type}${label === null ? '' : ` "${label}"`}, ${mebibytes} MiB`
}
