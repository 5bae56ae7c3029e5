/**
 * What happens, numbered. A bounded history is kept, and every reader walks it with a cursor of its own: a slow reader costs
 * nothing. One that falls behind gets only the last of what follows one another — the stages of a task, the states of a
 * guest — and, once the history has moved on past it, is told how many events it missed.
 */
import type { Event, EventBody } from '../api/event.ts'
import { Changes } from './changes.ts'

export interface EventBusOptions {
  /** Events kept for readers that resume or fall behind. */
  readonly history: number
  /** How far behind a reader must be to be spared what a later event replaces. */
  readonly coalesceBehind: number
}

export class EventBus {
  readonly #limit: number
  readonly #coalesceBehind: number
  readonly #history: Event[] = []
  /** The number of the newest event about each thing. */
  readonly #newestOf = new Map<string, number>()
  #next = 1
  readonly #changes = new Changes()

  constructor({ history, coalesceBehind }: EventBusOptions) {
    this.#limit = history
    this.#coalesceBehind = coalesceBehind
  }

  publish(body: EventBody): void {
    const event: Event = { ...body, seq: this.#next++, time: new Date().toISOString() }
    this.#history.push(event)
    const subject = subjectOf(event)
    if (subject !== null) this.#newestOf.set(subject, event.seq)
    if (this.#history.length > this.#limit) this.#forgetOldest()
    this.#changes.happened()
  }

  /** The number of the newest event, 0 before the first. */
  get newest(): number {
    return this.#next - 1
  }

  /** Events after `seq`, or from now on when null, until the signal. A `lost` event stands for those that are gone. */
  async *since(seq: number | null, signal: AbortSignal): AsyncGenerator<Event, void, undefined> {
    let cursor = seq === null ? this.#next : seq + 1
    // A number from before a restart of the daemon, or from the future: the reader must list again.
    if (cursor > this.#next) {
      yield lost(null, this.newest)
      cursor = this.#next
    }
    while (!signal.aborted) {
      const oldest = this.#next - this.#history.length
      if (cursor < oldest) {
        yield lost(oldest - cursor, oldest - 1)
        cursor = oldest
      }
      const event = this.#history[cursor - oldest]
      if (event === undefined) await this.#changes.next(signal)
      else {
        cursor++
        if (!this.#isReplaced(event)) yield event
      }
    }
  }

  #isReplaced(event: Event): boolean {
    if (this.#next - event.seq <= this.#coalesceBehind) return false
    const subject = subjectOf(event)
    return subject !== null && (this.#newestOf.get(subject) ?? 0) > event.seq
  }

  #forgetOldest(): void {
    const event = this.#history.shift()
    const subject = event === undefined ? null : subjectOf(event)
    if (subject !== null && this.#newestOf.get(subject) === event?.seq) this.#newestOf.delete(subject)
  }
}

/** What an event says the newest of; null for one that no later event replaces. */
function subjectOf(event: Event): string | null {
  if (event.kind === 'task') return `task ${event.task}`
  if (event.kind === 'guest.state' || event.kind === 'guest.mode' || event.kind === 'guest.device-model')
    return `${event.kind} ${event.uuid} ${event.guest}`
  return null
}

/** Stands for events that are gone; its number is that of the last one of them, so that a reader can go on from there. */
const lost = (count: number | null, seq: number): Event => ({
  kind: 'lost',
  count,
  seq,
  time: new Date().toISOString(),
})
