import { createHash } from 'node:crypto'
import { readBytes } from './disk/source.ts'
import { type Boot, type GuestFile } from './menu/menu.ts'

/** A bzImage's setup header with the start of its version string. */
const HEADER_BYTES = 4096

/**
 * Stands for the files that an entry boots: their filesystem, path and inode with its times, and the kernel's first bytes.
 * A guest that changes them behind its filesystem's back only keeps its own old kernel.
 */
export function fingerprintOf({ kernel, ramdisks }: Boot): string {
  const hash = createHash('sha256')
  const add = ({ volume, path, node }: GuestFile): void => {
    const { partition, filesystem } = volume
    const parts = [partition.name, partition.start, filesystem.type, filesystem.uuid, path, node.size, node.fingerprint]
    hash.update(JSON.stringify(parts))
  }
  add(kernel)
  hash.update(readBytes(kernel.node.open(), 0, Math.min(HEADER_BYTES, kernel.node.size)))
  ramdisks.forEach(add)
  return hash.digest('hex')
}
