import { constants, inflateSync } from 'node:zlib'
import { DiskFault } from '../disk-fault.ts'
import { part, raw, struct, u16le, u32le, u64le, u8 } from '../disk/reader.ts'
import { readBytes, type Source, type Use } from '../disk/source.ts'
import { unzstdFrame } from '../disk/zstd-frame.ts'
import { decodeLzo1x } from '../kernel/lzo.ts'
import { Output } from '../kernel/output.ts'
import { type BtrfsItem, type BtrfsTrees, KEY_TYPE, MAX_U64, readKey } from './btrfs-tree.ts'
import { type DirectoryEntry, type Node, type NodeKind } from './filesystem.ts'
import { linkText } from './path.ts'

/** Linux include/uapi/linux/btrfs_tree.h */
const ROOT_ITEM = { bytenr: u64le(176) }
const INODE = {
  generation: u64le(0),
  transaction: u64le(8),
  size: u64le(16),
  mode: u32le(52),
  sequence: u64le(72),
  times: raw(112, 36),
}
const DIRECTORY_ITEM = { dataLength: u16le(25), nameLength: u16le(27) }
const DIRECTORY_ITEM_BYTES = 30
const EXTENT = { ramBytes: u64le(8), compression: u8(16), encryption: u8(17), type: u8(20) }
const EXTENT_PLACE = { diskAt: u64le(21), diskBytes: u64le(29), offset: u64le(37), length: u64le(45) }
const INLINE_AT = 21
const EXTENT_TYPE = { inline: 0, regular: 1, unwritten: 2 }
const FIRST_INODE = 256n
const ROOT_DIRECTORY = 6n
const KINDS: Readonly<Record<number, NodeKind>> = { 0x4: 'directory', 0x8: 'file', 0xa: 'symlink' }
/** btrfs compresses in pieces of 128 KiB (BTRFS_MAX_COMPRESSED); twice that is generous. */
const MAX_COMPRESSED = 256 * 1024
const MAX_EXTENTS = 500_000

/** The root directory of a subvolume. Throws DiskFault if there is none of this id. */
export function subvolumeNode(trees: BtrfsTrees, id: bigint): Node {
  const item = trees.find(trees.shape.root, id, KEY_TYPE.root)
  if (item === null) throw new DiskFault(`there is no subvolume ${id.toString()}`)
  return btrfsNode(trees, struct(item.value, 0, ROOT_ITEM).bytenr, FIRST_INODE)
}

/** The id of the subvolume that is mounted when none is named; null where none was ever chosen. */
export function defaultSubvolume(trees: BtrfsTrees): bigint | null {
  const from = { objectId: ROOT_DIRECTORY, type: KEY_TYPE.directoryItem, offset: 0n }
  for (const item of trees.items(trees.shape.root, from, { ...from, offset: MAX_U64 })) {
    for (const entry of directoryItems(item.value)) if (entry.name === 'default') return entry.location.objectId
  }
  return null
}

/** A file, directory or symlink of the subvolume whose tree begins at `tree`. */
function btrfsNode(trees: BtrfsTrees, tree: number, id: bigint): Node {
  trees.budget.spend('entries')
  const item = trees.find(tree, id, KEY_TYPE.inode)
  if (item === null) throw new DiskFault(`there is no inode ${id.toString()}`)
  const inode = struct(item.value, 0, INODE)
  const open = (): Source => openContent(trees, tree, id, inode.size)
  return {
    kind: KINDS[inode.mode >> 12] ?? 'other',
    size: inode.size,
    fingerprint: [
      id.toString(),
      inode.generation,
      inode.transaction,
      inode.size,
      inode.sequence,
      inode.times.toString('hex'),
    ].join(':'),
    open,
    entries: () => directoryEntries(trees, tree, id),
    target: () => linkText(open()),
  }
}

function directoryEntries(trees: BtrfsTrees, tree: number, id: bigint): DirectoryEntry[] {
  const from = { objectId: id, type: KEY_TYPE.directoryIndex, offset: 0n }
  const found: DirectoryEntry[] = []
  for (const item of trees.items(tree, from, { ...from, offset: MAX_U64 })) {
    for (const { name, location } of directoryItems(item.value)) {
      const isSubvolume = location.type === KEY_TYPE.root
      found.push({
        name,
        node: () => (isSubvolume ? subvolumeNode(trees, location.objectId) : btrfsNode(trees, tree, location.objectId)),
      })
    }
  }
  return found
}

/** Entries whose names have the same hash share an item. */
function* directoryItems(value: Buffer) {
  for (let at = 0; at + DIRECTORY_ITEM_BYTES <= value.length;) {
    const { dataLength, nameLength } = struct(value, at, DIRECTORY_ITEM)
    const name = part(value, at + DIRECTORY_ITEM_BYTES, nameLength).toString('utf8')
    yield { name, location: readKey(value, at) }
    at += DIRECTORY_ITEM_BYTES + nameLength + dataLength
  }
}

/** A piece of a file: bytes of the device, bytes to be unpacked, or bytes in the tree itself. */
interface Extent {
  readonly logical: number
  readonly length: number
  read(target: Uint8Array, from: number, use: Use | undefined): void
}

function openContent(trees: BtrfsTrees, tree: number, id: bigint, size: number): Source {
  const from = { objectId: id, type: KEY_TYPE.extentData, offset: 0n }
  const extents: Extent[] = []
  for (const item of trees.items(tree, from, { ...from, offset: MAX_U64 })) {
    const extent = extentOf(trees, item)
    const last = extents.at(-1)
    if (last !== undefined && last.logical + last.length > extent.logical)
      throw new DiskFault('the extents of a file overlap')
    if (extents.push(extent) > MAX_EXTENTS) throw new DiskFault('a file of too many extents')
  }
  return {
    size,
    readInto(target, position, use) {
      if (position < 0 || position + target.length > size) throw new DiskFault('a read goes past the end of a file')
      // What no extent covers is a hole.
      target.fill(0)
      const end = position + target.length
      for (let index = firstAt(extents, position); index < extents.length; index++) {
        const extent = extents[index]
        if (extent === undefined || extent.logical >= end) return
        const start = Math.max(position, extent.logical)
        const stop = Math.min(end, extent.logical + extent.length)
        if (start < stop) extent.read(target.subarray(start - position, stop - position), start - extent.logical, use)
      }
    },
  }
}

/** The last extent that begins at or before a position. */
function firstAt(extents: readonly Extent[], position: number): number {
  let low = 0
  let high = extents.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((extents[middle]?.logical ?? Infinity) <= position) low = middle + 1
    else high = middle
  }
  return Math.max(0, low - 1)
}

function extentOf(trees: BtrfsTrees, item: BtrfsItem): Extent {
  const { value } = item
  const logical = Number(item.offset)
  const { ramBytes, compression, encryption, type } = struct(value, 0, EXTENT)
  if (encryption !== 0) throw new DiskFault('it is encrypted')
  if (type === EXTENT_TYPE.inline) {
    if (ramBytes > MAX_COMPRESSED) throw new DiskFault('an inline extent that is too long')
    const stored = value.subarray(INLINE_AT)
    const content = (): Buffer => (compression === 0 ? stored : unpack(trees, stored, compression, ramBytes))
    return {
      logical,
      length: compression === 0 ? stored.length : ramBytes,
      read: (target, from) => copyFrom(content(), target, from),
    }
  }
  const place = struct(value, 0, EXTENT_PLACE)
  if (type !== EXTENT_TYPE.regular || place.diskAt === 0) {
    return { logical, length: place.length, read: (target) => void target.fill(0) }
  }
  if (compression === 0) {
    const physical = trees.physical(place.diskAt, place.diskBytes) + place.offset
    if (place.offset + place.length > place.diskBytes) throw new DiskFault('an extent longer than its place')
    const read: Extent['read'] = (target, from, use) => trees.medium.readInto(target, physical + from, use)
    return { logical, length: place.length, read }
  }
  if (place.diskBytes > MAX_COMPRESSED || ramBytes > MAX_COMPRESSED)
    throw new DiskFault('a compressed extent that is too long')
  return {
    logical,
    length: place.length,
    read(target, from, use) {
      const stored = readBytes(trees.medium, trees.physical(place.diskAt, place.diskBytes), place.diskBytes, use)
      copyFrom(unpack(trees, stored, compression, ramBytes), target, place.offset + from)
    },
  }
}

/** Copies from unpacked bytes; what they lack up to their declared length are zeros. */
function copyFrom(content: Buffer, target: Uint8Array, from: number): void {
  const count = content.copy(target, 0, from, Math.min(content.length, from + target.length))
  target.fill(0, count)
}

function unpack(trees: BtrfsTrees, stored: Buffer, compression: number, ramBytes: number): Buffer {
  trees.budget.spend('bytes', ramBytes)
  if (compression === 1) return unzlib(stored, ramBytes)
  if (compression === 2) return unlzo(stored, ramBytes, trees.shape.sectorSize)
  if (compression === 3) return unzstdFrame(stored, ramBytes)
  throw new DiskFault(`an extent compressed in a way that is not read (${compression})`)
}

function unzlib(stored: Buffer, ramBytes: number): Buffer {
  try {
    return inflateSync(stored, { maxOutputLength: ramBytes, finishFlush: constants.Z_SYNC_FLUSH })
  } catch (thrown) {
    throw new DiskFault(`a damaged extent: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }
}

/** Pieces of one sector each, with their lengths; a length never crosses a sector's end (Linux fs/btrfs/lzo.c). */
function unlzo(stored: Buffer, ramBytes: number, sectorSize: number): Buffer {
  const output = new Output(ramBytes, ramBytes)
  const total = part(stored, 0, 4).readUInt32LE(0)
  for (let at = 4; at < total && output.length < ramBytes;) {
    const leftInSector = sectorSize - (at % sectorSize)
    if (leftInSector < 4) at += leftInSector
    const length = part(stored, at, 4).readUInt32LE(0)
    decodeLzo1x(part(stored, at + 4, length), output, Math.min(sectorSize, ramBytes - output.length))
    at += 4 + length
  }
  return output.written
}
