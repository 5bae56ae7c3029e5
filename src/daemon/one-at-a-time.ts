/** Calls that come while the work is under way share one further run of it, which begins when that is over. */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  let next: Promise<void> | null = null
  const begin = (): Promise<void> => {
    running = work().finally(() => (running = null))
    return running
  }
  const follow = (): Promise<void> => {
    next = null
    return begin()
  }
  return () => {
    if (running === null && next === null) return begin()
    next ??= (running ?? Promise.resolve()).then(follow, follow)
    return next
  }
}
