/**
 * What happens, numbered. A bounded history is kept, and every reader walks it with a cursor of its own: a slow reader costs
 * nothing and, once the history has moved on past it, is told how many events it missed.
 */
import type { Event, EventBody } from '../api/event.ts'
import { Changes } from './changes.ts'

export interface EventBusOptions {
  /** Events kept for readers that resume or fall behind. */
  readonly history: number
}

export class EventBus {
  readonly #limit: number
  readonly #history: Event[] = []
  #next = 1
  readonly #changes = new Changes()

  constructor({ history }: EventBusOptions) {
    this.#limit = history
  }

  publish(body: EventBody): void {
    this.#history.push({ ...body, seq: this.#next++, time: new Date().toISOString() })
    if (this.#history.length > this.#limit) this.#history.shift()
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
        yield event
      }
    }
  }
}

/** Stands for events that are gone; its number is that of the last one of them, so that a reader can go on from there. */
const lost = (count: number | null, seq: number): Event => ({
  kind: 'lost',
  count,
  seq,
  time: new Date().toISOString(),
})
