import type { Source } from '../../../src/pygrub/disk/source.ts'
import { pick, type Random } from './random.ts'

/** Bytes that differ from the image's, by their position. */
export type Damage = ReadonlyMap<number, number>
export interface Place {
  readonly position: number
  readonly length: number
}

const MAX_PLACES = 20_000

/** Remembers where a source was read, field by field: those are the bytes that matter. */
export function traced(source: Source): { source: Source; places: Place[] } {
  const places: Place[] = []
  const readInto: Source['readInto'] = (target, position, use) => {
    source.readInto(target, position, use)
    if (places.length < MAX_PLACES) places.push({ position, length: target.length })
  }
  return { source: { size: source.size, readInto }, places }
}

export const withDamage = (source: Source, damage: Damage): Source => ({
  size: source.size,
  readInto(target, position, use) {
    source.readInto(target, position, use)
    for (const [at, byte] of damage) if (at >= position && at < position + target.length) target[at - position] = byte
  },
})

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff]

/** A few more changes: fields set to extremes, counted up or down, replaced by other fields, or single bytes at random. */
export function moreDamage(source: Source, places: readonly Place[], before: Damage, random: Random): Damage {
  const damage = new Map(before)
  const current = withDamage(source, damage)
  const bytesAt = ({ position, length }: Place): Buffer => {
    const bytes = Buffer.alloc(length)
    current.readInto(bytes, position)
    return bytes
  }
  for (let count = 1 + random(4); count > 0; count--) {
    const place = pick(random, places)
    const inside = place.length <= 8 ? place : partOf(place, random)
    const bytes = changed(bytesAt(inside), random, () => bytesAt(within(pick(random, places), inside.length)))
    bytes.forEach((byte, index) => damage.set(inside.position + index, byte))
  }
  return damage
}

const within = ({ position, length }: Place, most: number): Place => ({ position, length: Math.min(length, most) })

function partOf({ position, length }: Place, random: Random): Place {
  const width = 2 ** random(4)
  return { position: position + random(Math.min(length, 65_536) - width + 1), length: width }
}

function changed(bytes: Buffer, random: Random, other: () => Buffer): Buffer {
  const kinds = [
    () => bytes.fill(pick(random, EXTREMES)),
    () => (bytes[0] = bytes[0]! + 1) && bytes,
    () => (bytes[bytes.length - 1] = bytes[bytes.length - 1]! - 1) && bytes,
    () => void other().copy(bytes),
    () => void (bytes[random(bytes.length)]! ^= 1 << random(8)),
    () => bytes.forEach((_, index) => (bytes[index] = random(256))),
  ]
  if (bytes.length > 0) pick(random, kinds)()
  return bytes
}
