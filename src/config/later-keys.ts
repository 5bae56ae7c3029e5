/** Keys that only a later Xen than this one reads. xl leaves them out without a word, and libxl does not know them. */
import { GuestSpec } from './guest-spec.ts'
import type { KeyRow } from './keys/row.ts'
import { keyTable } from './keys/table.ts'
import { writtenKeys } from './write.ts'

const number = (version: string): number => {
  const [major = 0, minor = 0] = version.split('.').map((part) => parseInt(part, 10))
  return major * 1000 + minor
}

/** The keys of a specification that are of a later Xen, and that this one's libxl would be given. */
export const keysOfLaterXen = (spec: GuestSpec, xenVersion: string): readonly KeyRow[] =>
  [...writtenKeys(spec).keys()].flatMap((name) => {
    const row = keyTable.get(name)
    const isLater = row?.since !== undefined && row.libxl !== undefined && number(row.since) > number(xenVersion)
    return isLater ? [row] : []
  })

/** The specification as a Xen of this version can have it. */
export function withoutLaterKeys(spec: GuestSpec, xenVersion: string): GuestSpec {
  const later = new Set(keysOfLaterXen(spec, xenVersion).map(({ target }) => target.split('.')[0]))
  if (later.size === 0) return spec
  return GuestSpec.parse(Object.fromEntries(Object.entries(spec).filter(([field]) => !later.has(field))))
}
