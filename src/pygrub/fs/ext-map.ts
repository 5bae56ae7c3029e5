import { DiskFault } from '../disk-fault.ts'
import { struct, u16le, u32le } from '../disk/reader.ts'
import { readBytes } from '../disk/source.ts'
import { type ExtVolume } from './ext.ts'
import { pushRun, type Run } from './runs.ts'

/** Linux fs/ext4/ext4_extents.h. */
const EXTENT_HEADER = { magic: u16le(0), entries: u16le(2), depth: u16le(6) }
const EXTENT = { block: u32le(0), length: u16le(4), startHigh: u16le(6), startLow: u32le(8) }
const EXTENT_INDEX = { block: u32le(0), leafLow: u32le(4), leafHigh: u16le(8) }
const EXTENT_MAGIC = 0xf30a
const MAX_DEPTH = 5
/** Lengths above it mark an extent that is allocated and not written. */
const MAX_WRITTEN_LENGTH = 32768

/** The runs of a file that is mapped by extents. */
export function readExtents(volume: ExtVolume, root: Buffer, size: number): Run[] {
  const runs: Run[] = []
  const { blockSize } = volume
  const visit = (node: Buffer, depthLeft: number): void => {
    const header = struct(node, 0, EXTENT_HEADER)
    if (header.magic !== EXTENT_MAGIC) throw new DiskFault('an extent node without its magic number')
    if (header.depth > depthLeft) throw new DiskFault('an extent tree that does not get lower')
    volume.budget.spend('entries', header.entries + 1)
    for (let index = 0; index < header.entries; index++) {
      const at = 12 * (index + 1)
      if (header.depth === 0) {
        const extent = struct(node, at, EXTENT)
        const isWritten = extent.length <= MAX_WRITTEN_LENGTH
        const length = isWritten ? extent.length : extent.length - MAX_WRITTEN_LENGTH
        const physical = isWritten ? (extent.startLow + extent.startHigh * 2 ** 32) * blockSize : null
        pushRun(runs, { logical: extent.block * blockSize, length: length * blockSize, physical })
      } else {
        const child = struct(node, at, EXTENT_INDEX)
        const block = child.leafLow + child.leafHigh * 2 ** 32
        visit(readBytes(volume.medium, block * blockSize, blockSize), header.depth - 1)
      }
    }
  }
  visit(root, MAX_DEPTH)
  return runs.filter((run) => run.logical < size)
}

const DIRECT_BLOCKS = 12

/** The runs of a file that is mapped by direct, indirect, double and triple indirect blocks (ext2, ext3). */
export function readBlockMap(volume: ExtVolume, root: Buffer, size: number): Run[] {
  const runs: Run[] = []
  const { blockSize } = volume
  const blocks = Math.ceil(size / blockSize)
  let next = 0
  const visit = (block: number, level: number): void => {
    const covered = (blockSize / 4) ** level
    if (next >= blocks) return
    if (block === 0) {
      next += covered
    } else if (level === 0) {
      pushRun(runs, { logical: next * blockSize, length: blockSize, physical: block * blockSize })
      next++
    } else {
      const pointers = readBytes(volume.medium, block * blockSize, blockSize)
      volume.budget.spend('entries', blockSize / 4)
      for (let at = 0; at < blockSize && next < blocks; at += 4) visit(pointers.readUInt32LE(at), level - 1)
    }
  }
  for (let index = 0; index < DIRECT_BLOCKS + 3; index++) {
    visit(root.readUInt32LE(index * 4), Math.max(0, index - DIRECT_BLOCKS + 1))
  }
  return runs
}
