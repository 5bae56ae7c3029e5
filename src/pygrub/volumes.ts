/** A guest's disk as its volumes: each partition whose filesystem can be read. */
import { attempt, type Budget, isRefusal, type Refusal, refuse } from './disk-fault.ts'
import { type Partition, readPartitions } from './disk/partitions.ts'
import { openPhysicalVolume, type PhysicalVolume, readLogicalVolumes } from './disk/lvm.ts'
import { cached, readBytes, slice, type Source } from './disk/source.ts'
import { openBtrfs } from './fs/btrfs.ts'
import { openExt } from './fs/ext.ts'
import { openFat } from './fs/fat.ts'
import { openIso } from './fs/iso.ts'
import { openXfs } from './fs/xfs.ts'
import { type Filesystem } from './fs/filesystem.ts'

export interface Volume {
  /** `gpt2`, `msdos5`, `disk`. */
  readonly name: string
  readonly partition: Partition
  readonly filesystem: Filesystem
}

export interface Disk {
  readonly volumes: readonly Volume[]
  /** What a user should know of what was read. */
  readonly notes: readonly string[]
  /** What could not be read, and why: matters only when nothing boots. */
  readonly unread: readonly string[]
}

/** Metadata is read in small pieces and again and again; contents pass the cache by. */
const CACHE = { pieceBytes: 16 * 1024, pieces: 256 }

type Opener = (partition: Source, budget: Budget) => Filesystem | Refusal
const OPENERS: readonly Opener[] = [openExt, openXfs, openBtrfs, openIso, openFat]

/** Opens every partition and logical volume of a disk that can be read; the whole disk when none can (ISO images have both). */
export function openDisk(disk: Source, budget: Budget): Disk {
  const table = readPartitions(disk, budget)
  const volumes: Volume[] = []
  const notes = [...table.notes]
  const unread: string[] = []
  const physical: PhysicalVolume[] = []
  const open = (partition: Partition, source: Source): void => {
    const filesystem = openFilesystem(source, budget)
    if (!isRefusal(filesystem)) {
      notes.push(...filesystem.notes.map((note) => `${partition.name}: ${filesystem.type}: ${note}`))
      volumes.push({ name: partition.name, partition, filesystem })
      return
    }
    const found = openPhysicalVolume(source, budget)
    if (isRefusal(found)) unread.push(`${partition.name}: ${foreignSignature(source) ?? filesystem.refused}`)
    else physical.push(found)
  }
  for (const partition of table.partitions) open(partition, slice(disk, partition.start, partition.size))
  for (const { name, ids, source } of readLogicalVolumes(physical, budget, (text) => unread.push(text))) {
    open({ name, start: 0, size: source.size, type: 'lvm', guid: ids }, source)
  }
  const isWhole = table.partitions.some(({ name }) => name === 'disk')
  if (volumes.length === 0 && !isWhole)
    open({ name: 'disk', start: 0, size: disk.size, type: 'none', guid: null }, disk)
  return { volumes, notes, unread }
}

/** What is known not to be readable, by its signature, so that an error can name it. */
const FOREIGN: readonly { readonly at: number; readonly signature: string; readonly says: string }[] = [
  { at: 0, signature: 'LUKS\xba\xbe', says: 'is encrypted with LUKS, which is not supported' },
  { at: 3, signature: 'NTFS    ', says: 'holds NTFS, which is not supported' },
  { at: 4086, signature: 'SWAPSPACE2', says: 'is swap space' },
  { at: 4096, signature: '\xfc\x4e\x2b\xa9', says: 'is a member of a RAID array, which is not supported' },
  { at: 0x10034, signature: 'ReIsEr2Fs', says: 'holds ReiserFS, which is not supported' },
]
/** Uberblocks of ZFS are in 1 KiB steps from here (OpenZFS, "On-disk format"). */
const ZFS_UBERBLOCK = { at: 128 * 1024, signature: '\x0c\xb1\xba\x00' }

function foreignSignature(source: Source): string | null {
  const has = (at: number, signature: string): boolean => {
    const end = at + signature.length
    const bytes = end > source.size ? null : attempt(() => readBytes(source, at, signature.length))
    return bytes !== null && !isRefusal(bytes) && bytes.toString('latin1') === signature
  }
  const known = FOREIGN.find(({ at, signature }) => has(at, signature))
  if (known !== undefined) return known.says
  const isZfs = Array.from({ length: 128 }, (_, index) => ZFS_UBERBLOCK.at + index * 1024).some((at) =>
    has(at, ZFS_UBERBLOCK.signature),
  )
  return isZfs ? 'holds ZFS, which is not supported' : null
}

function openFilesystem(partition: Source, budget: Budget): Filesystem | Refusal {
  const source = cached(partition, CACHE)
  const reasons: string[] = []
  for (const opener of OPENERS) {
    const filesystem = opener(source, budget)
    if (!isRefusal(filesystem)) return filesystem
    reasons.push(filesystem.refused)
  }
  // Every format says in the same words that the bytes are none of it; what says more is worth reading.
  const telling = reasons.filter((reason) => !reason.startsWith('not '))
  return refuse(telling.length === 0 ? 'no filesystem that is read' : telling.join('; '))
}
