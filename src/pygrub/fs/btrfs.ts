/**
 * btrfs on one device, read-only: subvolumes, the default one, zlib, lzo and zstd, single, DUP and a mirror's half.
 * Layout: btrfs.readthedocs.io, "On-disk format"; Linux include/uapi/linux/btrfs_tree.h. Checksums are not checked: a
 * hostile guest writes them too. The log tree is not replayed.
 *
 * Boot loaders disagree on what `/` is: upstream GRUB starts at the top, SUSE's at the default subvolume, and menus
 * name their files accordingly. So the root shown here has the names of all of them, see {@link mergedRoot}.
 */
import { attempt, type Budget, DiskFault, type Refusal, refuse } from '../disk-fault.ts'
import { raw, structAt, text, u16le, u32le, u64le, u8, uuidText } from '../disk/reader.ts'
import { type Source } from '../disk/source.ts'
import { defaultSubvolume, subvolumeNode } from './btrfs-node.ts'
import { BtrfsTrees } from './btrfs-tree.ts'
import { type Filesystem, type Node } from './filesystem.ts'

const SUPERBLOCK_AT = 64 * 1024
const SUPERBLOCK = {
  fsid: raw(0x20, 16),
  magic: text(0x40, 8),
  root: u64le(0x50),
  chunkRoot: u64le(0x58),
  logRoot: u64le(0x60),
  sectorSize: u32le(0x90),
  nodeSize: u32le(0x94),
  systemChunkBytes: u32le(0xa0),
  incompat: u64le(0xbc),
  checksumType: u16le(0xc4),
  rootLevel: u8(0xc6),
  deviceId: u64le(0xc9),
  label: text(0x12b, 256),
  systemChunks: raw(0x32b, 2048),
}
const MAGIC = '_BHRfS_M'
/** Everything up to zoned block groups, and simple quotas; the next kernels' trees are others. */
const KNOWN_INCOMPAT = 0x11fff
const TOP_LEVEL = 5n
/** Subvolumes that distributions mount as their root: Ubuntu, Debian, Arch and SUSE; Fedora; Debian's installer. */
const ROOT_NAMES = ['@', 'root', '@rootfs']

export function openBtrfs(partition: Source, budget: Budget): Filesystem | Refusal {
  return attempt(() => {
    if (partition.size < SUPERBLOCK_AT + 4096) return refuse('not btrfs: too small')
    const superblock = structAt(partition, SUPERBLOCK_AT, SUPERBLOCK)
    if (superblock.magic !== MAGIC) return refuse('not btrfs: its magic number is missing')
    const { nodeSize, sectorSize, systemChunkBytes } = superblock
    // The flags pass 32 bits only for features that are not known.
    if (superblock.incompat > KNOWN_INCOMPAT || (superblock.incompat & ~KNOWN_INCOMPAT) !== 0) {
      return refuse(`btrfs with a feature that is not read (0x${superblock.incompat.toString(16)})`)
    }
    if (nodeSize < 4096 || nodeSize > 65536 || sectorSize < 512 || sectorSize > 65536 || systemChunkBytes > 2048) {
      throw new DiskFault('btrfs with impossible sizes')
    }
    const trees = new BtrfsTrees(partition, budget, {
      nodeSize,
      sectorSize,
      deviceId: superblock.deviceId,
      root: superblock.root,
    })
    trees.addSystemChunks(superblock.systemChunks.subarray(0, systemChunkBytes))
    trees.addChunks(superblock.chunkRoot)
    return {
      type: 'btrfs',
      uuid: uuidText(superblock.fsid),
      label: superblock.label === '' ? null : superblock.label,
      root: mergedRoot(trees),
      ignoresCase: false,
      needsReplay: superblock.logRoot !== 0,
      notes: superblock.logRoot === 0 ? [] : ['its log was not replayed: it was not unmounted cleanly'],
    }
  })
}

/** The names of the default subvolume, then those of the top that it lacks, then those of the usual root subvolumes. */
function mergedRoot(trees: BtrfsTrees): Node {
  const top = subvolumeNode(trees, TOP_LEVEL)
  const standard = defaultSubvolume(trees)
  const first = standard === null || standard === TOP_LEVEL ? top : subvolumeNode(trees, standard)
  return {
    ...first,
    entries() {
      const topEntries = top.entries()
      const roots = ROOT_NAMES.flatMap((name) => {
        const node = topEntries.find((entry) => entry.name === name)?.node()
        return node?.kind === 'directory' ? [node.entries()] : []
      })
      const seen = new Set<string>()
      return [first === top ? [] : first.entries(), topEntries, ...roots].flat().filter(({ name }) => {
        const isNew = !seen.has(name)
        seen.add(name)
        return isNew
      })
    },
  }
}
