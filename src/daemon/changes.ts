/** Lets readers sleep until something changes. A reader that leaves takes everything it left here with it. */
export class Changes {
  readonly #sleepers = new Set<() => void>()

  /** Wakes all who sleep. */
  happened(): void {
    for (const wake of [...this.#sleepers]) wake()
  }

  /** Resolves at the next change, or when the signal aborts. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#sleepers.add(wake)
      signal.addEventListener('abort', wake)
      if (signal.aborted) wake()
    })
  }
}
