import { fail } from '../../words/errors.ts'
import type { Domain } from '../host.ts'
import type { GuestEntry } from './guest-entry.ts'

/** All guests, and all domains of other toolstacks, found by what users call them. */
export class Registry {
  /** Ours by name, those of others by `#domid`. */
  readonly #entries = new Map<string, GuestEntry>()

  all(): readonly GuestEntry[] {
    return [...this.#entries.values()]
  }

  add(entry: GuestEntry): GuestEntry {
    this.#entries.set(keyOf(entry), entry)
    return entry
  }

  /** Looks for the entry itself: by now its domain, under whose domid it was added, may be gone. */
  remove(entry: GuestEntry): void {
    for (const [key, one] of this.#entries) if (one === entry) this.#entries.delete(key)
  }

  /** Ours of this name. */
  named(name: string): GuestEntry | null {
    return this.#entries.get(name) ?? null
  }

  /** Tells whose domain one is, as of now: by its domid if it is known to run, by uuid while one of ours is being built. */
  owners(): (domain: Domain) => GuestEntry | null {
    const entries = this.all()
    const byDomid = new Map(entries.map((entry) => [entry.run?.domid, entry]))
    const byUuid = new Map(entries.flatMap((entry) => (entry.managed ? [[entry.uuid, entry]] : [])))
    return ({ domid, uuid }) => byDomid.get(domid) ?? byUuid.get(uuid) ?? null
  }

  /** By name, domid or uuid; ours come before those of others, running ones before halted ones. Throws `not-found`. */
  find(ref: string): GuestEntry {
    const running = this.all().filter(({ run }) => run !== null)
    const found =
      running.find((entry) => entry.managed && entry.name === ref) ??
      running.find((entry) => entry.name === ref) ??
      this.named(ref) ??
      running.find(({ run }) => String(run?.domid) === ref) ??
      this.all().find(({ uuid }) => uuid === ref.toLowerCase())
    if (found === undefined) throw fail('not-found', { what: `there is no guest "${ref}"`, fix: 'see: tetrarch list' })
    return found
  }
}

const keyOf = (entry: GuestEntry): string => (entry.managed ? entry.name : `#${entry.run?.domid ?? entry.uuid}`)
