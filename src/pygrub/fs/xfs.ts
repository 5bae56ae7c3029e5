/**
 * XFS version 4 and 5, read-only: every directory form (short, block, leaf, node), extents and extent trees, sparse
 * inodes, bigtime, nrext64. Layout: "XFS Algorithms & Data Structures" (kernel.org, 3rd edition), Linux fs/xfs/libxfs/xfs_format.h.
 * The log is not replayed. Checksums are not checked: a hostile guest writes them too.
 */
import { attempt, type Budget, DiskFault, type Refusal, refuse } from '../disk-fault.ts'
import { partsAt, raw, structAt, text, u16be, u32be, u64be, u8, uuidText } from '../disk/reader.ts'
import { readBytes, type Source } from '../disk/source.ts'
import { type Filesystem } from './filesystem.ts'
import { CORE_BYTES, xfsNode } from './xfs-node.ts'

const SUPERBLOCK = {
  magic: text(0, 4),
  blockSize: u32be(4),
  dataBlocks: u64be(8),
  uuid: raw(32, 16),
  rootInode: u64be(56),
  groupBlocks: u32be(84),
  version: u16be(100),
  inodeSize: u16be(104),
  label: text(108, 12),
  inodesPerBlockLog: u8(123),
  groupBlocksLog: u8(124),
  directoryBlockLog: u8(192),
  features2: u32be(200),
  incompat: u32be(216),
  metaUuid: raw(248, 16),
}
/** sb_features2: directory entries carry a type byte in version 4 as well. */
const FEATURE2_FTYPE = 0x200
const INCOMPAT = {
  ftype: 0x1,
  sparseInodes: 0x2,
  metaUuid: 0x4,
  bigtime: 0x8,
  needsRepair: 0x10,
  nrext64: 0x20,
  exchangeRange: 0x40,
  parent: 0x80,
}
/** An inode before its fork, without its access time, link and block counts and checksums, which say nothing of its content. */
const INODE_PARTS = [
  [0, 6],
  [40, 64],
  [76, 84],
  [92, 96],
] as const
const KNOWN_INCOMPAT = Object.values(INCOMPAT).reduce((all, flag) => all | flag, 0)

/** What reading an inode needs to know of its filesystem. */
export interface XfsVolume {
  readonly medium: Source
  readonly budget: Budget
  readonly blockSize: number
  readonly directoryBlockSize: number
  readonly isVersion5: boolean
  readonly hasFileType: boolean
  readonly hasLargeExtentCounts: boolean
  /** The raw inode. Throws DiskFault for a number outside the filesystem. */
  inode(number: number): Buffer
  /** Bytes from the start of a filesystem block, whose number has its allocation group in its upper bits. */
  blockAt(block: number): number
}

export function openXfs(partition: Source, budget: Budget): Filesystem | Refusal {
  return attempt(() => {
    if (partition.size < 512 || readBytes(partition, 0, 4).toString('latin1') !== 'XFSB')
      return refuse('not XFS: no XFSB at 0')
    const superblock = structAt(partition, 0, SUPERBLOCK)
    const version = superblock.version & 0xf
    if (version !== 4 && version !== 5) return refuse(`XFS of version ${version}, which is not read`)
    const incompat = version === 5 ? superblock.incompat : 0
    const unknown = incompat & ~KNOWN_INCOMPAT
    if (unknown !== 0) return refuse(`XFS with a feature that is not read (0x${(unknown >>> 0).toString(16)})`)
    const volume = volumeOf(partition, superblock, budget)
    return {
      type: 'xfs',
      uuid: uuidText(superblock.uuid),
      label: superblock.label === '' ? null : superblock.label,
      root: xfsNode(volume, superblock.rootInode),
      ignoresCase: false,
      // Whether the log is empty can only be told by reading it.
      needsReplay: false,
      notes: (incompat & INCOMPAT.needsRepair) === 0 ? [] : ['it needs xfs_repair'],
    }
  })
}

function volumeOf(
  medium: Source,
  superblock: ReturnType<typeof structAt<typeof SUPERBLOCK>>,
  budget: Budget,
): XfsVolume {
  const { blockSize, inodeSize, groupBlocks, groupBlocksLog, inodesPerBlockLog } = superblock
  const isSane =
    blockSize >= 512 &&
    blockSize <= 65536 &&
    inodeSize >= 256 &&
    inodeSize <= blockSize &&
    groupBlocks > 0 &&
    groupBlocksLog <= 31 &&
    inodesPerBlockLog <= 8
  if (!isSane || superblock.directoryBlockLog > 7) throw new DiskFault('XFS with impossible sizes')
  const isVersion5 = (superblock.version & 0xf) === 5
  const blockAt = (block: number): number => {
    const group = Math.floor(block / 2 ** groupBlocksLog)
    const inGroup = block % 2 ** groupBlocksLog
    if (inGroup >= groupBlocks) throw new DiskFault('a block outside its allocation group')
    return (group * groupBlocks + inGroup) * blockSize
  }
  const hasLargeExtentCounts = isVersion5 && (superblock.incompat & INCOMPAT.nrext64) !== 0
  const forkAt = isVersion5 ? CORE_BYTES[3] : CORE_BYTES[2]
  const parts = [...INODE_PARTS, [24, hasLargeExtentCounts ? 32 : 24], [forkAt, inodeSize]] as const
  return {
    medium,
    budget,
    blockSize,
    directoryBlockSize: blockSize * 2 ** superblock.directoryBlockLog,
    isVersion5,
    hasFileType: isVersion5
      ? (superblock.incompat & INCOMPAT.ftype) !== 0
      : (superblock.features2 & FEATURE2_FTYPE) !== 0,
    hasLargeExtentCounts,
    blockAt,
    inode(number) {
      budget.spend('entries')
      const block = Math.floor(number / 2 ** inodesPerBlockLog)
      const index = number % 2 ** inodesPerBlockLog
      const bytes = partsAt(medium, blockAt(block) + index * inodeSize, { length: inodeSize, parts })
      if (bytes.toString('latin1', 0, 2) !== 'IN') throw new DiskFault(`there is no inode ${number}`)
      return bytes
    },
  }
}
