/** The order in which guests start, as `start_after` gives it, and in which they stop, which is the reverse. Pure. */

export interface Ordered {
  readonly name: string
  readonly startAfter: readonly string[]
}

export interface Order {
  /** For each guest those that come before it. Guests of a cycle are not in it. */
  readonly before: ReadonlyMap<string, readonly string[]>
  /** One for each guest that is in one: `a → b → a`, beginning with that guest. */
  readonly cycles: ReadonlyMap<string, string>
}

/** `start_after` is an order and no wish: guests that are not among these count for nothing. */
export function startOrder(guests: readonly Ordered[]): Order {
  const edges = new Map(guests.map(({ name, startAfter }) => [name, startAfter]))
  const known = (name: string) => (edges.get(name) ?? []).filter((other) => edges.has(other))
  const cycles = new Map<string, string>()
  for (const { name } of guests) {
    const path = pathBack(name, known)
    if (path !== null) cycles.set(name, path.join(' → '))
  }
  const before = guests
    .filter(({ name }) => !cycles.has(name))
    .map(({ name }) => [name, known(name).filter((other) => !cycles.has(other))] as const)
  return { before: new Map(before), cycles }
}

/** What stops before what: everything that starts after it. Guests of a cycle stop in no order. */
export function stopOrder(guests: readonly Ordered[]): Order['before'] {
  const { before } = startOrder(guests)
  return new Map(
    guests.map(({ name }) => [
      name,
      [...before].filter(([, earlier]) => earlier.includes(name)).map(([later]) => later),
    ]),
  )
}

/** The shortest way from a guest over those before it to itself; null when there is none. */
function pathBack(start: string, before: (name: string) => readonly string[]): readonly string[] | null {
  const seen = new Set<string>()
  let paths: (readonly string[])[] = [[start]]
  while (paths.length > 0) {
    const longer: (readonly string[])[] = []
    for (const path of paths) {
      for (const next of before(path.at(-1) ?? start)) {
        if (next === start) return [...path, start]
        if (!seen.has(next)) longer.push([...path, next])
        seen.add(next)
      }
    }
    paths = longer
  }
  return null
}

/** Runs `work` for each name once it has run for all that come before it, which must be no cycle. `work` must not reject. */
export async function inOrder(before: Order['before'], work: (name: string) => Promise<void>): Promise<void> {
  const begun = new Map<string, Promise<void>>()
  const run = (name: string): Promise<void> => {
    const known = begun.get(name)
    if (known !== undefined) return known
    const promise = Promise.all((before.get(name) ?? []).map(run)).then(() => work(name))
    begun.set(name, promise)
    return promise
  }
  await Promise.all([...before.keys()].map(run))
}
