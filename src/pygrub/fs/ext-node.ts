import { DiskFault } from '../disk-fault.ts'
import { cString, part, raw, struct, u16le, u32le, u8 } from '../disk/reader.ts'
import { bufferSource, readBytes, type Source } from '../disk/source.ts'
import { type ExtVolume } from './ext.ts'
import { readBlockMap, readExtents } from './ext-map.ts'
import { type DirectoryEntry, type Node, type NodeKind } from './filesystem.ts'
import { linkText } from './path.ts'
import { runSource } from './runs.ts'

/** Linux fs/ext4/ext4.h, struct ext4_inode. */
const INODE = {
  mode: u16le(0),
  sizeLow: u32le(4),
  ctime: u32le(12),
  mtime: u32le(16),
  flags: u32le(32),
  block: raw(40, 60),
  generation: u32le(100),
  sizeHigh: u32le(108),
}
/** The part beyond the first 128 bytes, where there is one. */
const INODE_EXTRA = { extraSize: u16le(128), ctimeExtra: u32le(132), mtimeExtra: u32le(136) }
type Inode = ReturnType<typeof struct<typeof INODE>>

const FLAG = { compressed: 0x4, encrypted: 0x800, extents: 0x80000, inlineData: 0x10000000 }
const XATTR_MAGIC = 0xea020000
/** One attribute (fs/ext4/xattr.h). Name index 7 is "system.". */
const XATTR = { nameLength: u8(0), nameIndex: u8(1), valueOffset: u16le(2), valueInode: u32le(4), valueSize: u32le(8) }
const XATTR_SYSTEM = 7
/** Directories of guests are small; a larger one would only cost memory. */
const MAX_DIRECTORY_BYTES = 16 * 1024 * 1024

const KINDS: Readonly<Record<number, NodeKind>> = { 0x4: 'directory', 0x8: 'file', 0xa: 'symlink' }

/** The file, directory or symlink of an inode. Throws DiskFault if the inode is not sound. */
export function extNode(volume: ExtVolume, number: number): Node {
  const bytes = volume.inode(number)
  const inode = struct(bytes, 0, INODE)
  const kind = KINDS[inode.mode >> 12] ?? 'other'
  const size = inode.sizeLow + inode.sizeHigh * 2 ** 32
  const extra = bytes.length >= 140 ? struct(bytes, 0, INODE_EXTRA) : { ctimeExtra: 0, mtimeExtra: 0 }
  const times = [inode.mtime, extra.mtimeExtra, inode.ctime, extra.ctimeExtra]
  const open = (): Source => openContent(volume, bytes, inode, size)
  return {
    kind,
    size,
    fingerprint: [number, inode.generation, size, ...times, inode.block.toString('hex')].join(':'),
    open,
    entries: () => directoryEntries(volume, bytes, inode, size),
    target: () => symlinkText(inode, size) ?? linkText(open()),
  }
}

function openContent(volume: ExtVolume, bytes: Buffer, inode: Inode, size: number): Source {
  if ((inode.flags & FLAG.encrypted) !== 0) throw new DiskFault('it is encrypted')
  if ((inode.flags & FLAG.compressed) !== 0) throw new DiskFault('it is compressed in a way that is not read')
  if ((inode.flags & FLAG.inlineData) !== 0) {
    const content = Buffer.concat([inode.block, inlineRest(bytes)])
    return bufferSource(part(content, 0, size))
  }
  const read = (inode.flags & FLAG.extents) === 0 ? readBlockMap : readExtents
  return runSource(volume.medium, size, read(volume, inode.block, size))
}

/** A short symlink lies in the inode where its block numbers would be. */
function symlinkText(inode: Inode, size: number): string | null {
  if ((inode.flags & (FLAG.extents | FLAG.inlineData)) !== 0 || size >= inode.block.length) return null
  return cString(inode.block.subarray(0, size))
}

/** The attribute "system.data" in the inode: what did not fit into its first 60 bytes. Empty where there is none. */
function inlineRest(bytes: Buffer): Buffer {
  if (bytes.length < 132) return Buffer.alloc(0)
  const start = 128 + struct(bytes, 0, INODE_EXTRA).extraSize
  if (start + 4 > bytes.length || struct(bytes, start, { magic: u32le(0) }).magic !== XATTR_MAGIC)
    return Buffer.alloc(0)
  const first = start + 4
  for (let at = first; at + 16 <= bytes.length && bytes.readUInt32LE(at) !== 0;) {
    const attribute = struct(bytes, at, XATTR)
    const name = part(bytes, at + 16, attribute.nameLength).toString('latin1')
    if (attribute.nameIndex === XATTR_SYSTEM && name === 'data') {
      if (attribute.valueInode !== 0) throw new DiskFault('its inline data is in another inode')
      return part(bytes, first + attribute.valueOffset, attribute.valueSize)
    }
    at += 16 + ((attribute.nameLength + 3) & ~3)
  }
  return Buffer.alloc(0)
}

function directoryEntries(volume: ExtVolume, bytes: Buffer, inode: Inode, size: number): readonly DirectoryEntry[] {
  const found: DirectoryEntry[] = []
  if ((inode.flags & FLAG.inlineData) !== 0) {
    // The first four bytes are the parent's inode number; the rest of each part is one block of entries.
    readEntries(volume, inode.block.subarray(4), found)
    readEntries(volume, inlineRest(bytes), found)
    return found
  }
  if (size > MAX_DIRECTORY_BYTES) throw new DiskFault(`a directory of ${size} bytes`)
  const content = readBytes(openContent(volume, bytes, inode, size), 0, size)
  for (let at = 0; at < content.length; at += volume.blockSize) {
    // Interior nodes of a hashed directory look like blocks with one empty entry (Documentation/filesystems/ext4/directory.rst).
    readEntries(volume, content.subarray(at, at + volume.blockSize), found)
  }
  return found
}

function readEntries(volume: ExtVolume, block: Buffer, found: DirectoryEntry[]): void {
  for (let at = 0; at + 8 <= block.length;) {
    const number = block.readUInt32LE(at)
    const encoded = block.readUInt16LE(at + 4)
    // 64 KiB blocks cannot write their own length in 16 bits (ext4_rec_len_from_disk).
    const length = encoded === 65535 || encoded === 0 ? 65536 : (encoded & 65532) | ((encoded & 3) << 16)
    const nameLength = volume.hasFileType ? block.readUInt8(at + 6) : block.readUInt16LE(at + 6)
    if (length < 8 || at + length > block.length) return
    volume.budget.spend('entries')
    if (number !== 0 && nameLength > 0 && 8 + nameLength <= length) {
      const name = part(block, at + 8, nameLength).toString('utf8')
      if (name !== '.' && name !== '..') found.push({ name, node: () => extNode(volume, number) })
    }
    at += length
  }
}
