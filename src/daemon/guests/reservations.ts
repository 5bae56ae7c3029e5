import type { Domain } from '../host.ts'

interface Reservation {
  readonly guest: string
  readonly mebibytes: number
}

/**
 * Memory that is promised to guests under construction: Xen counts what their domains have taken so far, this the rest, so
 * that two creates at the same time cannot both be promised the same.
 */
export class Reservations {
  readonly #byUuid = new Map<string, Reservation>()

  reserve(uuid: string, guest: string, mebibytes: number): void {
    this.#byUuid.set(uuid, { guest, mebibytes })
  }

  release(uuid: string): void {
    this.#byUuid.delete(uuid)
  }

  /** What others are still promised, beyond what their domains have. */
  outstanding(exceptUuid: string, domains: readonly Domain[]): readonly Reservation[] {
    const taken = new Map<string, number>(domains.map(({ uuid, memoryMiB }) => [uuid, memoryMiB]))
    return [...this.#byUuid]
      .filter(([uuid]) => uuid !== exceptUuid)
      .map(([uuid, { guest, mebibytes }]) => ({ guest, mebibytes: mebibytes - (taken.get(uuid) ?? 0) }))
      .filter(({ mebibytes }) => mebibytes > 0)
  }
}
