/** One queue per guest: what is asked of a guest happens one after the other, what is asked of two happens side by side. */
export class Queues {
  readonly #tails = new Map<string, Promise<void>>()
  readonly #lengths = new Map<string, number>()

  /** Runs the work after all earlier work of this guest. The work must not reject: tasks end with a problem instead. */
  enqueue(guest: string, work: () => Promise<void>): void {
    this.#lengths.set(guest, this.length(guest) + 1)
    const tail = (this.#tails.get(guest) ?? Promise.resolve()).then(work)
    this.#tails.set(guest, tail)
    void tail.then(() => this.#leave(guest))
  }

  /** How much work of this guest runs or waits. */
  length(guest: string): number {
    return this.#lengths.get(guest) ?? 0
  }

  /** When everything that was enqueued until now has ended. */
  async drained(): Promise<void> {
    await Promise.all(this.#tails.values())
  }

  #leave(guest: string): void {
    const left = this.length(guest) - 1
    if (left > 0) return void this.#lengths.set(guest, left)
    this.#lengths.delete(guest)
    this.#tails.delete(guest)
  }
}
