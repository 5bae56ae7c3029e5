import { zstdDecompressSync } from 'node:zlib'
import { DiskFault } from '../disk-fault.ts'
import { part } from './reader.ts'

/** RFC 8878, section 3.1.1: sizes of the optional header fields by their flags. */
const DICTIONARY_BYTES = [0, 1, 2, 4]
const CONTENT_SIZE_BYTES = [0, 2, 4, 8]
const BLOCK_RLE = 1
const MAX_BLOCKS = 4096

/** Decompresses the first Zstandard frame; what follows it, such as padding, is ignored. Throws DiskFault. */
export function unzstdFrame(input: Buffer, maxBytes: number): Buffer {
  const frame = input.subarray(0, frameLength(input))
  try {
    return zstdDecompressSync(frame, { maxOutputLength: maxBytes })
  } catch (thrown) {
    throw new DiskFault(`damaged Zstandard data: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }
}

function frameLength(input: Buffer): number {
  if (input.length < 6 || input.readUInt32LE(0) !== 0xfd2fb528) throw new DiskFault('no Zstandard data')
  const descriptor = input.readUInt8(4)
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  const sizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0)
  let at = 5 + (isSingleSegment ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0) + sizeBytes
  for (let count = 0; count < MAX_BLOCKS; count++) {
    const header = part(input, at, 3).readUIntLE(0, 3)
    const isRle = ((header >> 1) & 3) === BLOCK_RLE
    at += 3 + (isRle ? 1 : header >> 3)
    if ((header & 1) === 1) return at + ((descriptor & 4) === 0 ? 0 : 4)
  }
  throw new DiskFault('Zstandard data of too many blocks')
}
