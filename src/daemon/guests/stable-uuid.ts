import { createHash } from 'node:crypto'
import type { GuestSpec } from '../../config/guest-spec.ts'
import { type Uuid, uuid } from '../../words/ids.ts'

/** Its own, or one that is made from its name. */
export const guestUuid = ({ spec }: { readonly spec: GuestSpec }, machineId: string): string =>
  spec.uuid ?? stableUuid(machineId, spec.name)

/** Version 8 and the RFC 4122 variant (RFC 9562, section 5.8). */
const VERSION = 0x80
const VARIANT = 0x80

/**
 * The uuid of a guest whose definition names none: the same at every start on this host, so that its state, its console
 * log and its history belong to it. xl makes a random one at each start.
 */
function stableUuid(machineId: string, name: string): Uuid {
  const bytes = createHash('sha256').update(`tetrarch guest\0${machineId}\0${name}`).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | VERSION
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | VARIANT
  const hex = bytes.toString('hex')
  return uuid([hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-'))
}
