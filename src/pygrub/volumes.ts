/** A guest's disk as its volumes: each partition whose filesystem can be read. */
import { type Budget, isRefusal, type Refusal } from './disk-fault.ts'
import { type Partition, readPartitions } from './disk/partitions.ts'
import { cached, slice, type Source } from './disk/source.ts'
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

/** Opens every partition of a disk that can be read; the whole disk when none can (ISO images have both). */
export function openDisk(disk: Source, budget: Budget): Disk {
  const table = readPartitions(disk, budget)
  const notes = [...table.notes]
  const unread: string[] = []
  const open = (partition: Partition): Volume[] => {
    const filesystem = openFilesystem(slice(disk, partition.start, partition.size), budget)
    if (isRefusal(filesystem)) {
      unread.push(`${partition.name}: ${filesystem.refused}`)
      return []
    }
    notes.push(...filesystem.notes.map((note) => `${partition.name}: ${filesystem.type}: ${note}`))
    return [{ name: partition.name, partition, filesystem }]
  }
  const volumes = table.partitions.flatMap(open)
  if (volumes.length > 0 || table.partitions.some(({ name }) => name === 'disk')) return { volumes, notes, unread }
  return { volumes: open({ name: 'disk', start: 0, size: disk.size, type: 'none', guid: null }), notes, unread }
}

function openFilesystem(partition: Source, budget: Budget): Filesystem | Refusal {
  const source = cached(partition, CACHE)
  const reasons: string[] = []
  for (const opener of OPENERS) {
    const filesystem = opener(source, budget)
    if (!isRefusal(filesystem)) return filesystem
    reasons.push(filesystem.refused)
  }
  return { refused: reasons.join('; ') }
}
