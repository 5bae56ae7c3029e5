/** One queue per guest: what is asked of a guest happens one after the other, what is asked of two happens side by side. */
export class Queues {
  readonly #tails = new Map<string, Promise<void>>()

  /** Runs the work after all earlier work of this guest. The work must not reject: tasks end with a problem instead. */
  enqueue(guest: string, work: () => Promise<void>): void {
    const tail = (this.#tails.get(guest) ?? Promise.resolve()).then(work)
    this.#tails.set(guest, tail)
    void tail.then(() => {
      if (this.#tails.get(guest) === tail) this.#tails.delete(guest)
    })
  }

  /** True while work of this guest runs or waits. */
  busy(guest: string): boolean {
    return this.#tails.has(guest)
  }

  /** When everything that was enqueued until now has ended. */
  async drained(): Promise<void> {
    await Promise.all(this.#tails.values())
  }
}
