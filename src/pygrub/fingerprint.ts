import { crc32 } from 'node:zlib'
import { DiskFault } from './disk-fault.ts'
import { readBytes } from './disk/source.ts'
import { type Boot, type GuestFile } from './menu/menu.ts'

/** A bzImage's setup header with the start of its version string. */
const HEADER_BYTES = 4096
export const MAX_FINGERPRINT = 64 * 1024

/**
 * Stands for the files that an entry boots: their filesystem, path and inode with its times and first extents, and the
 * kernel's first bytes. A guest that changes them behind its filesystem's back only keeps its own old kernel.
 */
export function fingerprintOf({ kernel, ramdisks }: Boot): string {
  const about = ({ volume, path, node }: GuestFile): unknown[] => {
    const { partition, filesystem } = volume
    return [partition.name, partition.start, filesystem.type, filesystem.uuid, path, node.size, node.fingerprint]
  }
  const header = crc32(readBytes(kernel.node.open(), 0, Math.min(HEADER_BYTES, kernel.node.size)))
  const text = JSON.stringify([...about(kernel), header, ...ramdisks.map(about)])
  if (text.length > MAX_FINGERPRINT) throw new DiskFault('it names too many ramdisks')
  return text
}
