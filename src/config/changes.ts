/** What differs between two readings of a definition, key by key, in the words of xl.cfg. */
import type { GuestSpec } from './guest-spec.ts'
import { literal, writtenKeys } from './write.ts'

export interface KeyChange {
  readonly key: string
  /** As it is written in a definition; null where the key has its default. */
  readonly before: string | null
  readonly after: string | null
}

export function changesBetween(before: GuestSpec, after: GuestSpec): readonly KeyChange[] {
  const [old, now] = [writtenKeys(before), writtenKeys(after)]
  const text = (written: typeof old, key: string): string | null => {
    const value = written.get(key)
    return value === undefined ? null : literal(value)
  }
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((key) => ({ key, before: text(old, key), after: text(now, key) }))
    .filter((change) => change.before !== change.after)
}
