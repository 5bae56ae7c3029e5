/** Copies from the guest's disk to the descriptors that the sandbox was given. */
import { writeSync } from 'node:fs'
import { DiskFault } from './disk-fault.ts'
import { bufferSource, type Source } from './disk/source.ts'
import { beginsAsGzip, inflateRamdisk } from './inflate-ramdisk.ts'
import { type GuestFile } from './menu/menu.ts'
import { DESCRIPTOR } from './task.ts'

/** Fits into a processor's second cache, so that what was read is written from there. */
const PIECE_BYTES = 256 * 1024
let piece: Buffer | null = null

/** Writes a whole source to a descriptor, showing each piece to `look`; returns the bytes. Throws DiskFault above the limit. */
export function copyOut(source: Source, fd: number, limit: number, look?: (bytes: Buffer) => void): number {
  if (source.size > limit) throw new DiskFault(`${source.size} bytes are more than may be extracted (${limit})`)
  piece ??= Buffer.allocUnsafeSlow(PIECE_BYTES)
  for (let at = 0; at < source.size; at += PIECE_BYTES) {
    const bytes = piece.subarray(0, Math.min(PIECE_BYTES, source.size - at))
    source.readInto(bytes, at, 'boots')
    look?.(bytes)
    writeAll(fd, bytes)
  }
  return source.size
}

/** Before what libxl would unpack otherwise: Linux passes over zeros before an archive (init/initramfs.c). */
const ZEROS = Buffer.alloc(4)

/**
 * Joins ramdisks, unpacked where they are packed by gzip, each at a multiple of four bytes: the kernel takes one archive
 * after the other. Nothing of it is left for libxl to unpack (inflate-ramdisk.ts).
 */
export function copyRamdisks(ramdisks: readonly GuestFile[], limit: number): number {
  let total = 0
  const writeZeros = (count: number): void => {
    writeAll(DESCRIPTOR.ramdisk, ZEROS.subarray(0, count))
    total += count
  }
  for (const { node } of ramdisks) {
    const packed = node.open()
    const unpacked = inflateRamdisk(packed, limit - total)
    const ramdisk = unpacked === null ? packed : bufferSource(unpacked)
    writeZeros((4 - (total % 4)) % 4)
    if (total === 0 && beginsAsGzip(ramdisk)) writeZeros(4)
    total += copyOut(ramdisk, DESCRIPTOR.ramdisk, limit - total)
  }
  return total
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done)
}
