import { crc32 } from 'node:zlib'
import { DiskFault } from '../disk-fault.ts'
import { decodeLzma2 } from './lzma.ts'
import { type Output } from './output.ts'

/** The .xz File Format 1.2.1, sections 2 and 3. */
const MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])
const STREAM_HEADER_BYTES = 12
const FILTER = { x86: 0x04, lzma2: 0x21 }
const INDEX_INDICATOR = 0
/** Bytes of a block's check by the type in the stream flags. */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64]

const isXz = (input: Buffer): boolean => input.subarray(0, MAGIC.length).equals(MAGIC)

/** Decodes the first stream of an .xz file, with the x86 filter where the block names it. Throws DiskFault. */
export function decodeXz(input: Buffer, output: Output): void {
  if (!isXz(input) || input.length < STREAM_HEADER_BYTES) throw new DiskFault('no .xz stream')
  const checkBytes = CHECK_BYTES[input.readUInt8(7) & 0x0f] ?? 0
  for (let at = STREAM_HEADER_BYTES; at < input.length && input.readUInt8(at) !== INDEX_INDICATOR;) {
    const headerBytes = (input.readUInt8(at) + 1) * 4
    if (at + headerBytes > input.length) throw new DiskFault('an .xz block that ends too early')
    const header = input.subarray(at, at + headerBytes)
    if (crc32(header.subarray(0, -4)) !== header.readUInt32LE(headerBytes - 4)) {
      throw new DiskFault('an .xz block header that fails its checksum')
    }
    const filters = filtersOf(header)
    const start = output.length
    const end = decodeLzma2(input, at + headerBytes, output)
    if (filters.includes(FILTER.x86)) undoX86Filter(output.written.subarray(start))
    const padded = end + ((4 - ((end - at) % 4)) % 4)
    if ((input.readUInt8(7) & 0x0f) === 1) checkCrc(input, padded, output.written.subarray(start))
    at = padded + checkBytes
  }
}

function checkCrc(input: Buffer, at: number, content: Buffer): void {
  if (at + 4 > input.length || input.readUInt32LE(at) !== crc32(content)) {
    throw new DiskFault('.xz data that fails its checksum')
  }
}

/** The filter ids of a block, in order. Throws DiskFault for filters that a kernel image does not use. */
function filtersOf(header: Buffer): number[] {
  const flags = header.readUInt8(1)
  let at = 2
  const number = (): number => {
    let value = 0
    for (let shift = 0; shift < 63; shift += 7) {
      if (at >= header.length - 4) throw new DiskFault('a damaged .xz block header')
      const byte = header.readUInt8(at++)
      value += (byte & 0x7f) * 2 ** shift
      if ((byte & 0x80) === 0) return value
    }
    throw new DiskFault('a damaged .xz block header')
  }
  if ((flags & 0x40) !== 0) number()
  if ((flags & 0x80) !== 0) number()
  const ids: number[] = []
  for (let index = 0; index <= (flags & 3); index++) {
    const id = number()
    const propertyBytes = number()
    if (id === FILTER.x86 && propertyBytes !== 0) throw new DiskFault('an .xz x86 filter with an offset')
    at += propertyBytes
    ids.push(id)
  }
  const isKnown = ids.at(-1) === FILTER.lzma2 && ids.slice(0, -1).every((id) => id === FILTER.x86)
  if (!isKnown) throw new DiskFault(`.xz with filters that are not read (${ids.join(', ')})`)
  return ids
}

const MASK_TO_ALLOWED = [true, true, true, false, true, false, false, false]
const MASK_TO_BIT_NUMBER = [0, 1, 2, 2, 3, 3, 3, 3]

/** Turns the absolute targets of CALL and JMP back into relative ones, in place (Linux lib/xz/xz_dec_bcj.c, bcj_x86). */
function undoX86Filter(bytes: Buffer): void {
  let previousMask = 0
  let previousAt = -1
  for (let at = 0; at + 4 < bytes.length; at++) {
    if (((bytes[at] ?? 0) & 0xfe) !== 0xe8) continue
    const gap = at - previousAt
    if (gap > 3) {
      previousMask = 0
    } else {
      previousMask = (previousMask << (gap - 1)) & 7
      if (previousMask !== 0) {
        const byte = bytes[at + 4 - (MASK_TO_BIT_NUMBER[previousMask] ?? 0)] ?? 0
        if (MASK_TO_ALLOWED[previousMask] !== true || isSign(byte)) {
          previousAt = at
          previousMask = (previousMask << 1) | 1
          continue
        }
      }
    }
    previousAt = at
    if (isSign(bytes[at + 4] ?? 0)) {
      bytes.writeInt32LE(relativeTarget(bytes.readInt32LE(at + 1), at + 5, previousMask), at + 1)
      at += 4
    } else {
      previousMask = (previousMask << 1) | 1
    }
  }
}

function relativeTarget(absolute: number, end: number, mask: number): number {
  let source = absolute
  for (;;) {
    const target = (source - end) | 0
    if (mask === 0) return signExtended(target)
    const shift = (MASK_TO_BIT_NUMBER[mask] ?? 0) * 8
    const byte = (target >>> (24 - shift)) & 0xff
    if (!isSign(byte)) return signExtended(target)
    source = target ^ ((1 << (32 - shift)) - 1)
  }
}

const isSign = (byte: number): boolean => byte === 0 || byte === 0xff
/** Bits 25 to 31 repeat bit 24. */
const signExtended = (target: number): number => (target << 7) >> 7
