/** Work of which only so much runs at once; the rest waits, first come first served. */
export function turns(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let free = atOnce
  return async (work) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      // A turn is handed on, so that nobody who comes now is before those who wait.
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
}
