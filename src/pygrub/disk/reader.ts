import { DiskFault } from '../disk-fault.ts'
import { readBytes, type Source } from './source.ts'

/** One field of an on-disk structure: where it lies, how long it is, how its bytes are read. */
export interface Field<T> {
  readonly offset: number
  readonly length: number
  read(bytes: Buffer, at: number): T
}

type Layout = Readonly<Record<string, Field<unknown>>>
export type Struct<L extends Layout> = { readonly [K in keyof L]: L[K] extends Field<infer T> ? T : never }

const field =
  <T>(length: number, read: (bytes: Buffer, at: number) => T) =>
  (offset: number): Field<T> => ({ offset, length, read })

/** A 64-bit number that counts bytes or blocks; beyond 2^53 it cannot be one on any disk we read. */
const safe = (value: bigint): number => {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new DiskFault(`the number ${value.toString()} is out of range`)
  return Number(value)
}

export const u8 = field(1, (bytes, at) => bytes.readUInt8(at))
export const u16le = field(2, (bytes, at) => bytes.readUInt16LE(at))
export const u32le = field(4, (bytes, at) => bytes.readUInt32LE(at))
export const u64le = field(8, (bytes, at) => safe(bytes.readBigUInt64LE(at)))
export const u16be = field(2, (bytes, at) => bytes.readUInt16BE(at))
export const u32be = field(4, (bytes, at) => bytes.readUInt32BE(at))
export const u64be = field(8, (bytes, at) => safe(bytes.readBigUInt64BE(at)))

/** `length` raw bytes. */
export const raw = (offset: number, length: number): Field<Buffer> => ({
  offset,
  length,
  read: (bytes, at) => bytes.subarray(at, at + length),
})

/** Text up to the first NUL, or all of the field. */
export const text = (offset: number, length: number): Field<string> => ({
  offset,
  length,
  read: (bytes, at) => cString(bytes.subarray(at, at + length)),
})

/** The text of a NUL-terminated or full-length field. */
export function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}

/** Reads a structure that starts at `at`. Throws DiskFault if a field lies outside the bytes. */
export function struct<L extends Layout>(bytes: Buffer, at: number, layout: L): Struct<L> {
  const result: Record<string, unknown> = {}
  for (const [name, { offset, length, read }] of Object.entries(layout)) {
    if (at < 0 || at + offset + length > bytes.length)
      throw new DiskFault(`a structure ends before its field "${name}"`)
    result[name] = read(bytes, at + offset)
  }
  return result as Struct<L>
}

/**
 * Reads a structure from a source. Throws DiskFault if it does not lie inside.
 * Each field by itself: what lies between them, such as times and counters, decides nothing (see witness.ts).
 */
export function structAt<L extends Layout>(source: Source, position: number, layout: L): Struct<L> {
  const result: Record<string, unknown> = {}
  for (const [name, { offset, length, read }] of Object.entries(layout)) {
    result[name] = read(readBytes(source, position + offset, length), 0)
  }
  return result as Struct<L>
}

/** Reads parts of a structure of which the rest decides nothing, and reads as zeros. */
export function partsAt(
  source: Source,
  position: number,
  shape: { readonly length: number; readonly parts: readonly (readonly [start: number, end: number])[] },
): Buffer {
  const bytes = Buffer.alloc(shape.length)
  for (const [start, end] of shape.parts) {
    if (start < shape.length) source.readInto(bytes.subarray(start, Math.min(end, shape.length)), position + start)
  }
  return bytes
}

/** The part of `bytes` from `start`, `length` long. Throws DiskFault if it does not lie inside (subarray would clamp). */
export function part(bytes: Buffer, start: number, length: number): Buffer {
  if (start < 0 || length < 0 || start + length > bytes.length) throw new DiskFault('a structure points outside itself')
  return bytes.subarray(start, start + length)
}

/** A 16-byte UUID in its text form, bytes in order (ext, XFS, btrfs). */
export function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

/** A 16-byte GUID in its text form: the first three groups are little-endian (UEFI 2.10, appendix A). */
export function guidText(bytes: Buffer): string {
  const swapped = Buffer.from(bytes)
  swapped.subarray(0, 4).reverse()
  swapped.subarray(4, 6).reverse()
  swapped.subarray(6, 8).reverse()
  return uuidText(swapped)
}
