import { readSync } from 'node:fs'
import { type Budget, DiskFault } from '../disk-fault.ts'

/** What bytes are read for: they decide what boots (an inode, a menu), or they are what boots and decide nothing. */
export type Use = 'decides' | 'boots'

/** Random access to bytes: a disk, a partition, a file in a guest, a decoded image. Reads never go past `size`. */
export interface Source {
  /** Bytes. */
  readonly size: number
  /** Fills `target` from `position`. Throws DiskFault past the end or when the medium fails. Without a use they decide. */
  readInto(target: Uint8Array, position: number, use?: Use): void
}

const checkRange = (size: number, position: number, length: number): void => {
  if (!Number.isSafeInteger(position) || position < 0 || length < 0 || position + length > size) {
    throw new DiskFault(`a read of ${length} bytes at ${position} goes past the end (${size})`)
  }
}

/** The largest single read of a structure; file contents are copied in pieces below it. */
const MAX_READ = 64 * 1024 * 1024

/** A new buffer with `length` bytes from `position`. Throws DiskFault where they are not there. */
export function readBytes(source: Source, position: number, length: number, use?: Use): Buffer {
  checkRange(source.size, position, length)
  if (length > MAX_READ) throw new DiskFault(`a structure of ${length} bytes is larger than any that is read`)
  const bytes = Buffer.allocUnsafe(length)
  source.readInto(bytes, position, use)
  return bytes
}

/** The disk behind an inherited descriptor. Every byte read is taken from the budget. */
export function descriptorSource(fd: number, size: number, budget: Budget): Source {
  return {
    size,
    readInto(target, position) {
      checkRange(size, position, target.length)
      budget.spend('bytes', target.length)
      let done = 0
      while (done < target.length) {
        const count = readSync(fd, target, done, target.length - done, position + done)
        if (count === 0) throw new DiskFault(`the disk ends at ${position + done}, before its size of ${size} bytes`)
        done += count
      }
    },
  }
}

/** Fills `target` from a disk that may be missing or end before it, as the one below an image may: the rest is zeros. */
export function readOrZeros(source: Source | null, target: Uint8Array, position: number, use: Use | undefined): void {
  const there = Math.min(target.length, Math.max(0, (source?.size ?? 0) - position))
  if (source !== null && there > 0) source.readInto(target.subarray(0, there), position, use)
  target.fill(0, there)
}

/** Bytes already in memory. */
export function bufferSource(bytes: Buffer): Source {
  return {
    size: bytes.length,
    readInto(target, position) {
      checkRange(bytes.length, position, target.length)
      bytes.copy(target, 0, position, position + target.length)
    },
  }
}

/** Part of another source, with positions of its own. Throws DiskFault if it does not lie inside. */
export function slice(source: Source, start: number, size: number): Source {
  checkRange(source.size, start, size)
  return {
    size,
    readInto(target, position, use) {
      checkRange(size, position, target.length)
      source.readInto(target, start + position, use)
    },
  }
}

/**
 * Keeps recently read pieces, so that a walk over small structures costs few system calls.
 * Reads of a piece or more pass it by: file contents are not kept.
 */
export function cached(source: Source, options: { pieceBytes: number; pieces: number }): Source {
  const pieces = new Map<number, Buffer>()
  const piece = (number: number): Buffer => {
    const known = pieces.get(number)
    if (known !== undefined) return known
    const start = number * options.pieceBytes
    const bytes = readBytes(source, start, Math.min(options.pieceBytes, source.size - start))
    const [oldest] = pieces.keys()
    if (pieces.size >= options.pieces && oldest !== undefined) pieces.delete(oldest)
    pieces.set(number, bytes)
    return bytes
  }
  return {
    size: source.size,
    readInto(target, position, use) {
      if (target.length >= options.pieceBytes) {
        source.readInto(target, position, use)
        return
      }
      checkRange(source.size, position, target.length)
      for (let done = 0; done < target.length;) {
        const at = position + done
        const bytes = piece(Math.floor(at / options.pieceBytes))
        const from = at % options.pieceBytes
        done += bytes.copy(target, done, from, Math.min(bytes.length, from + target.length - done))
      }
    },
  }
}
