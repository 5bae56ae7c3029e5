/**
 * ext2, ext3 and ext4, read-only: 64bit, meta_bg, bigalloc, extents, inline_data, casefold, large directories.
 * Layout: Linux, Documentation/filesystems/ext4 and fs/ext4/ext4.h. Checksums are not checked: they protect against
 * accidents, and a hostile guest writes them too. The journal is not replayed; a note says so when it would have to be.
 */
import { attempt, type Budget, DiskFault, type Refusal, refuse } from '../disk-fault.ts'
import { partsAt, raw, structAt, text, u16le, u32le, u8, uuidText } from '../disk/reader.ts'
import { type Source } from '../disk/source.ts'
import { type Filesystem } from './filesystem.ts'
import { extNode } from './ext-node.ts'

const SUPERBLOCK_AT = 1024
const SUPERBLOCK = {
  inodesCount: u32le(0),
  blocksCount: u32le(4),
  firstDataBlock: u32le(20),
  logBlockSize: u32le(24),
  blocksPerGroup: u32le(32),
  inodesPerGroup: u32le(40),
  magic: u16le(56),
  revision: u32le(76),
  inodeSize: u16le(88),
  compat: u32le(92),
  incompat: u32le(96),
  roCompat: u32le(100),
  uuid: raw(104, 16),
  label: text(120, 16),
  descriptorSize: u16le(254),
  firstMetaGroup: u32le(260),
  blocksCountHigh: u32le(336),
  backupGroup0: u32le(0x24c),
  backupGroup1: u32le(0x250),
  logGroupsPerFlex: u8(372),
}
/** Of a group's descriptor; the rest counts what is free, and changes whenever anything is written. */
const TABLE_LOW = { table: u32le(8) }
const TABLE_HIGH = { table: u32le(0x28) }
/** An inode without its access time, link and block counts, version and checksums, which say nothing of its content. */
const INODE_PARTS = [
  [0, 8],
  [12, 20],
  [32, 36],
  [40, 112],
  [128, 130],
  [132, 140],
  [144, 1024 * 64],
] as const
const MAGIC = 0xef53
const ROOT_INODE = 2

const COMPAT = { hasJournal: 0x4, sparseSuper2: 0x200 }
const RO_COMPAT = { sparseSuper: 0x1 }
const INCOMPAT = {
  filetype: 0x2,
  recover: 0x4,
  metaBg: 0x10,
  extents: 0x40,
  bits64: 0x80,
  mmp: 0x100,
  flexBg: 0x200,
  eaInode: 0x400,
  checksumSeed: 0x2000,
  largeDirectories: 0x4000,
  inlineData: 0x8000,
  encrypt: 0x10000,
  casefold: 0x20000,
} as const
const KNOWN_INCOMPAT = Object.values(INCOMPAT).reduce((all, flag) => all | flag, 0)

/** What reading an inode needs to know of its filesystem. */
export interface ExtVolume {
  readonly medium: Source
  readonly budget: Budget
  readonly blockSize: number
  /** Blocks of the filesystem. */
  readonly blocks: number
  /** Directory entries carry a type byte, so their name length has one. */
  readonly hasFileType: boolean
  /** The raw inode. Throws DiskFault for a number outside the filesystem. */
  inode(number: number): Buffer
}

type Superblock = ReturnType<typeof readSuperblock>
const readSuperblock = (partition: Source) => structAt(partition, SUPERBLOCK_AT, SUPERBLOCK)

/** Opens an ext2, ext3 or ext4 filesystem, or tells why the partition holds none that is read. */
export function openExt(partition: Source, budget: Budget): Filesystem | Refusal {
  return attempt(() => {
    if (partition.size < SUPERBLOCK_AT + 1024) return refuse('not ext: too small')
    const superblock = readSuperblock(partition)
    if (superblock.magic !== MAGIC) return refuse('not ext: no 0xEF53 at 1080')
    const unknown = superblock.incompat & ~KNOWN_INCOMPAT
    if (unknown !== 0) return refuse(`ext with a feature that is not read (0x${(unknown >>> 0).toString(16)})`)
    const volume = volumeOf(partition, superblock, budget)
    const needsReplay = (superblock.incompat & INCOMPAT.recover) !== 0
    return {
      type: typeOf(superblock),
      uuid: uuidText(superblock.uuid),
      label: superblock.label === '' ? null : superblock.label,
      root: extNode(volume, ROOT_INODE),
      ignoresCase: (superblock.incompat & INCOMPAT.casefold) !== 0,
      needsReplay,
      notes: needsReplay ? ['its journal was not replayed: it was not unmounted cleanly'] : [],
    }
  })
}

function typeOf({ compat, incompat }: Superblock): string {
  const ext4 = INCOMPAT.extents | INCOMPAT.bits64 | INCOMPAT.flexBg | INCOMPAT.inlineData | INCOMPAT.largeDirectories
  if ((incompat & ext4) !== 0) return 'ext4'
  return (compat & COMPAT.hasJournal) === 0 ? 'ext2' : 'ext3'
}

function volumeOf(medium: Source, superblock: Superblock, budget: Budget): ExtVolume {
  if (superblock.logBlockSize > 6) throw new DiskFault('ext with blocks of more than 64 KiB')
  const blockSize = 1024 << superblock.logBlockSize
  const is64 = (superblock.incompat & INCOMPAT.bits64) !== 0
  const blocks = superblock.blocksCount + (is64 ? superblock.blocksCountHigh * 2 ** 32 : 0)
  const inodeSize = superblock.revision === 0 ? 128 : superblock.inodeSize
  if (inodeSize < 128 || inodeSize > blockSize) throw new DiskFault(`ext with inodes of ${inodeSize} bytes`)
  if (superblock.inodesPerGroup === 0 || superblock.blocksPerGroup === 0) throw new DiskFault('ext with empty groups')
  const descriptorSize = is64 ? superblock.descriptorSize : 32
  if (descriptorSize < 32 || descriptorSize > 1024)
    throw new DiskFault(`ext with descriptors of ${descriptorSize} bytes`)
  const descriptorAt = descriptorLocator(superblock, { blockSize, descriptorSize })
  return {
    medium,
    budget,
    blockSize,
    blocks,
    hasFileType: (superblock.incompat & INCOMPAT.filetype) !== 0,
    inode(number) {
      if (number < 1 || number > superblock.inodesCount) throw new DiskFault(`there is no inode ${number}`)
      budget.spend('entries')
      const group = Math.floor((number - 1) / superblock.inodesPerGroup)
      const at = descriptorAt(group)
      const high = descriptorSize >= 64 ? structAt(medium, at, TABLE_HIGH).table : 0
      const table = (structAt(medium, at, TABLE_LOW).table + high * 2 ** 32) * blockSize
      const position = table + ((number - 1) % superblock.inodesPerGroup) * inodeSize
      return partsAt(medium, position, { length: inodeSize, parts: INODE_PARTS })
    },
  }
}

/** Where the descriptor of a group lies; with meta_bg descriptors are spread over the groups (ext4/super.c, descriptor_loc). */
function descriptorLocator(superblock: Superblock, size: { blockSize: number; descriptorSize: number }) {
  const perBlock = Math.floor(size.blockSize / size.descriptorSize)
  const { firstDataBlock, blocksPerGroup } = superblock
  const isMeta = (superblock.incompat & INCOMPAT.metaBg) !== 0
  return (group: number): number => {
    const index = Math.floor(group / perBlock)
    // The block of the superblock, whatever the first data block is: with bigalloc that is 0 for blocks of 1 KiB too.
    let block = Math.floor(SUPERBLOCK_AT / size.blockSize) + 1 + index
    if (isMeta && index >= superblock.firstMetaGroup) {
      const first = index * perBlock
      block = firstDataBlock + first * blocksPerGroup + (hasSuperblock(superblock, first) ? 1 : 0)
      if (size.blockSize === 1024 && first === 0 && firstDataBlock === 0) block++
    }
    return block * size.blockSize + (group % perBlock) * size.descriptorSize
  }
}

function hasSuperblock(superblock: Superblock, group: number): boolean {
  if (group === 0) return true
  if ((superblock.compat & COMPAT.sparseSuper2) !== 0) {
    return group === superblock.backupGroup0 || group === superblock.backupGroup1
  }
  if (group === 1 || (superblock.roCompat & RO_COMPAT.sparseSuper) === 0) return true
  return [3, 5, 7].some((base) => isPowerOf(group, base))
}

function isPowerOf(value: number, base: number): boolean {
  let power = base
  while (power < value) power *= base
  return power === value
}
