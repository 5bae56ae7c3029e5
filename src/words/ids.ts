/**
 * The words everything shares: branded identifiers, so that a domid is never passed where a name was meant.
 * This folder imports nothing of ours.
 */
declare const brand: unique symbol
type Branded<T, B extends string> = T & { readonly [brand]: B }

/** Xen's number for a running domain; gone and renumbered at each boot. 0 is dom0, 1..32751 are guests (xen/include/public/xen.h, DOMID_FIRST_RESERVED). */
export type Domid = Branded<number, 'Domid'>
/** A guest's name: what libxl accepts as a domain name, without what would break paths, tables or shells. */
export type GuestName = Branded<string, 'GuestName'>
/** Lower-case RFC 4122 text form, 36 characters. */
export type Uuid = Branded<string, 'Uuid'>
/** An absolute xenstore path, at most 3072 bytes (docs/misc/xenstore.txt). */
export type XenstorePath = Branded<string, 'XenstorePath'>

const DOMID_FIRST_RESERVED = 0x7ff0
const GUEST_NAME = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,62}$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export const isGuestName = (text: string): text is GuestName => GUEST_NAME.test(text)
const isUuid = (text: string): text is Uuid => UUID.test(text)

/** Brands a number that is known to be a domid. Throws a RangeError for one that cannot be: that is a mistake of ours. */
export function domid(value: number): Domid {
  if (!Number.isInteger(value) || value < 0 || value >= DOMID_FIRST_RESERVED)
    throw new RangeError(`not a domid: ${value}`)
  return value as Domid
}

/** Brands a uuid that was checked at the edge, in any case. Throws a RangeError otherwise. */
export function uuid(text: string): Uuid {
  const lower = text.toLowerCase()
  if (!isUuid(lower)) throw new RangeError(`not a uuid: ${JSON.stringify(text)}`)
  return lower
}
