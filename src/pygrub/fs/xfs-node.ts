import { DiskFault } from '../disk-fault.ts'
import { part, raw, struct, u16be, u32be, u64be, u8 } from '../disk/reader.ts'
import { bufferSource, readBytes, type Source } from '../disk/source.ts'
import { type DirectoryEntry, type Node, type NodeKind } from './filesystem.ts'
import { linkText } from './path.ts'
import { pushRun, type Run, runSource } from './runs.ts'
import { type XfsVolume } from './xfs.ts'

/** Linux fs/xfs/libxfs/xfs_format.h, struct xfs_dinode. */
const INODE = {
  mode: u16be(2),
  version: u8(4),
  format: u8(5),
  extents64: u64be(24),
  times: raw(40, 16),
  size: u64be(56),
  extents: u32be(76),
  forkOffset: u8(82),
  generation: u32be(92),
}
/** Where the data fork begins, by the version of the inode. */
export const CORE_BYTES = { 2: 100, 3: 176 } as const
const FORMAT = { local: 1, extents: 2, btree: 3 }
const KINDS: Readonly<Record<number, NodeKind>> = { 0x4: 'directory', 0x8: 'file', 0xa: 'symlink' }

const EXTENT_BYTES = 16
const MAX_LEVELS = 9
/** The tree's blocks (xfs_btree_block with long pointers); version 5 adds a header after the common one. */
const TREE = { level: u16be(4), records: u16be(6) }
const TREE_HEADER = { 4: 24, 5: 72 } as const
const TREE_MAGIC = new Set(['BMAP', 'BMA3'])

/** Directory data lies below this file offset, hash indexes above (XFS_DIR2_LEAF_OFFSET). */
const DIRECTORY_INDEX_AT = 2 ** 35
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024
/** Block directories end in an index; data blocks do not. Version 5 has other names for both. */
const DATA_HEADER: Readonly<Record<string, { readonly bytes: number; readonly hasTail: boolean }>> = {
  XD2B: { bytes: 16, hasTail: true },
  XD2D: { bytes: 16, hasTail: false },
  XDB3: { bytes: 64, hasTail: true },
  XDD3: { bytes: 64, hasTail: false },
}
const FREE_TAG = 0xffff
const SYMLINK_HEADER = { magic: 'XSLM', bytes: 56 }

type Inode = ReturnType<typeof struct<typeof INODE>>

export function xfsNode(volume: XfsVolume, number: number): Node {
  const bytes = volume.inode(number)
  const inode = struct(bytes, 0, INODE)
  const open = (): Source => openContent(volume, bytes, inode)
  return {
    kind: KINDS[inode.mode >> 12] ?? 'other',
    size: inode.size,
    fingerprint: [
      number,
      inode.generation,
      inode.size,
      inode.times.toString('hex'),
      fork(bytes, inode).toString('hex'),
    ].join(':'),
    open,
    entries: () => directoryEntries(volume, bytes, inode),
    target: () => symlinkText(volume, bytes, inode),
  }
}

/** The data fork: what follows the core, up to the attribute fork. */
function fork(bytes: Buffer, inode: Inode): Buffer {
  const start = inode.version >= 3 ? CORE_BYTES[3] : CORE_BYTES[2]
  return part(bytes, start, inode.forkOffset === 0 ? bytes.length - start : inode.forkOffset * 8)
}

function openContent(volume: XfsVolume, bytes: Buffer, inode: Inode): Source {
  if (inode.format === FORMAT.local) return bufferSource(part(fork(bytes, inode), 0, inode.size))
  return runSource(volume.medium, inode.size, readRuns(volume, bytes, inode))
}

function readRuns(volume: XfsVolume, bytes: Buffer, inode: Inode): Run[] {
  const runs: Run[] = []
  const data = fork(bytes, inode)
  if (inode.format === FORMAT.extents) {
    const count = volume.hasLargeExtentCounts ? inode.extents64 : inode.extents
    addExtents(volume, part(data, 0, count * EXTENT_BYTES), runs)
  } else if (inode.format === FORMAT.btree) {
    // The root in the inode: level, count, then keys and pointers, each filling half of the rest.
    const level = data.readUInt16BE(0)
    const count = data.readUInt16BE(2)
    const pointersAt = 4 + Math.floor((data.length - 4) / 16) * 8
    readPointers(volume, part(data, pointersAt, count * 8), level, runs)
  } else {
    throw new DiskFault(`an inode of format ${inode.format}`)
  }
  return runs
}

function readPointers(volume: XfsVolume, pointers: Buffer, level: number, runs: Run[]): void {
  if (level < 1 || level > MAX_LEVELS) throw new DiskFault('an extent tree of impossible height')
  for (let at = 0; at < pointers.length; at += 8) {
    const block = Number(pointers.readBigUInt64BE(at))
    volume.budget.spend('entries')
    const node = readBytes(volume.medium, volume.blockAt(block), volume.blockSize)
    const header = struct(node, 0, TREE)
    if (!TREE_MAGIC.has(node.toString('latin1', 0, 4)) || header.level !== level - 1) {
      throw new DiskFault('a damaged extent tree')
    }
    const start = TREE_HEADER[volume.isVersion5 ? 5 : 4]
    if (header.level === 0) {
      addExtents(volume, part(node, start, header.records * EXTENT_BYTES), runs)
    } else {
      const most = Math.floor((volume.blockSize - start) / 16)
      if (header.records > most) throw new DiskFault('a damaged extent tree')
      readPointers(volume, part(node, start + most * 8, header.records * 8), header.level, runs)
    }
  }
}

/** Extents of 128 bits: 1 unwritten, 54 file offset, 52 block, 21 count. */
function addExtents({ budget, blockSize, blockAt }: XfsVolume, bytes: Buffer, runs: Run[]): void {
  budget.spend('entries', bytes.length / EXTENT_BYTES)
  for (let at = 0; at < bytes.length; at += EXTENT_BYTES) {
    const high = bytes.readBigUInt64BE(at)
    const low = bytes.readBigUInt64BE(at + 8)
    const isUnwritten = high >> 63n === 1n
    const offset = Number((high >> 9n) & ((1n << 54n) - 1n))
    const block = Number(((high & 0x1ffn) << 43n) | (low >> 21n))
    const count = Number(low & ((1n << 21n) - 1n))
    const physical = isUnwritten ? null : blockAt(block)
    pushRun(runs, { logical: offset * blockSize, length: count * blockSize, physical })
  }
}

/** Long symlinks lie in blocks of their own, in version 5 each with a header. */
function symlinkText(volume: XfsVolume, bytes: Buffer, inode: Inode): string {
  if (inode.format === FORMAT.local || !volume.isVersion5) return linkText(openContent(volume, bytes, inode))
  const pieces: Buffer[] = []
  let left = inode.size
  for (const run of readRuns(volume, bytes, inode)) {
    if (run.physical === null || left <= 0) break
    const whole = readBytes(volume.medium, run.physical, run.length)
    // mkfs.xfs -p before 6.2 wrote them without the header.
    const start = whole.toString('latin1', 0, 4) === SYMLINK_HEADER.magic ? SYMLINK_HEADER.bytes : 0
    const piece = whole.subarray(start, start + left)
    pieces.push(piece)
    left -= piece.length
  }
  return Buffer.concat(pieces).toString('utf8')
}

function directoryEntries(volume: XfsVolume, bytes: Buffer, inode: Inode): readonly DirectoryEntry[] {
  if (inode.format === FORMAT.local) return shortDirectory(volume, part(fork(bytes, inode), 0, inode.size))
  const found: DirectoryEntry[] = []
  const runs = readRuns(volume, bytes, inode).filter((run) => run.logical < DIRECTORY_INDEX_AT)
  const last = runs.at(-1)
  const size = last === undefined ? 0 : last.logical + last.length
  if (size > MAX_DIRECTORY_BYTES) throw new DiskFault(`a directory of ${size} bytes`)
  const content = readBytes(runSource(volume.medium, size, runs), 0, size)
  for (let at = 0; at + volume.directoryBlockSize <= size; at += volume.directoryBlockSize) {
    dataBlock(volume, content.subarray(at, at + volume.directoryBlockSize), found)
  }
  return found
}

/** A directory in its inode: count, wide count, parent, then names with inode numbers of 4 or 8 bytes. */
function shortDirectory(volume: XfsVolume, data: Buffer): DirectoryEntry[] {
  const found: DirectoryEntry[] = []
  const [narrow = 0, wide = 0] = part(data, 0, 2)
  const numberBytes = wide > 0 ? 8 : 4
  const typeBytes = volume.hasFileType ? 1 : 0
  // The count is that of all entries; the second one only tells whether any number is wide.
  for (let index = 0, at = 2 + numberBytes; index < Math.max(narrow, wide); index++) {
    volume.budget.spend('entries')
    const nameLength = part(data, at, 3).readUInt8(0)
    const name = part(data, at + 3, nameLength).toString('utf8')
    const numberAt = at + 3 + nameLength + typeBytes
    const inode = inodeNumber(part(data, numberAt, numberBytes))
    found.push({ name, node: () => xfsNode(volume, inode) })
    at = numberAt + numberBytes
  }
  return found
}

const inodeNumber = (bytes: Buffer): number =>
  bytes.length === 4 ? bytes.readUInt32BE() : Number(bytes.readBigUInt64BE() & ((1n << 56n) - 1n))

function dataBlock(volume: XfsVolume, block: Buffer, found: DirectoryEntry[]): void {
  const header = DATA_HEADER[block.toString('latin1', 0, 4)]
  if (header === undefined) return
  // A block directory ends with its count of index entries, 8 bytes each, before 8 bytes of tail.
  const indexEntries = header.hasTail ? block.readUInt32BE(block.length - 8) : 0
  const end = header.hasTail ? block.length - 8 - indexEntries * 8 : block.length
  for (let at = header.bytes; at + 11 <= end;) {
    volume.budget.spend('entries')
    if (block.readUInt16BE(at) === FREE_TAG) {
      const length = block.readUInt16BE(at + 2)
      if (length < 8) throw new DiskFault('a damaged directory block')
      at += length
      continue
    }
    const nameLength = block.readUInt8(at + 8)
    const name = part(block, at + 9, nameLength).toString('utf8')
    const inode = inodeNumber(part(block, at, 8))
    if (name !== '.' && name !== '..') found.push({ name, node: () => xfsNode(volume, inode) })
    // Number, length, name, type byte, tag, rounded up to eight.
    at += Math.ceil((9 + nameLength + (volume.hasFileType ? 1 : 0) + 2) / 8) * 8
  }
}
