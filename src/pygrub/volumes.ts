/** A guest's disk as its volumes: each partition whose filesystem can be read. */
import { attempt, type Budget, isRefusal, type Refusal, refuse } from './disk-fault.ts'
import { elToritoImages } from './disk/el-torito.ts'
import { type Partition, readPartitions } from './disk/partitions.ts'
import { openPhysicalVolume, type PhysicalVolume, readLogicalVolumes } from './disk/lvm.ts'
import { slice, type Source } from './disk/source.ts'
import { foreignContent } from './foreign-content.ts'
import { openBtrfs } from './fs/btrfs.ts'
import { openExt } from './fs/ext.ts'
import { openFat } from './fs/fat.ts'
import { openIso } from './fs/iso.ts'
import { openXfs } from './fs/xfs.ts'
import { type Filesystem } from './fs/filesystem.ts'

export interface Volume {
  /** `gpt2`, `msdos5`, `eltorito1`, `disk`. */
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

type Opener = (partition: Source, budget: Budget) => Filesystem | Refusal
const OPENERS: readonly Opener[] = [openExt, openXfs, openBtrfs, openIso, openFat]

/**
 * Opens every partition and logical volume of a disk that can be read; the whole disk when none can (ISO images have both).
 * With an offset, only what begins there.
 */
export function openDisk(disk: Source, budget: Budget, offset: number | null = null): Disk {
  const table = offset === null ? readPartitions(disk, budget) : wholeFrom(offset, disk)
  const volumes: Volume[] = []
  const notes = [...table.notes]
  const unread: string[] = []
  const physical: PhysicalVolume[] = []
  const open = (partition: Partition, source: Source): void => {
    const filesystem = openFilesystem(source, budget)
    if (!isRefusal(filesystem)) {
      notes.push(...filesystem.notes.map((note) => `${partition.name}: ${filesystem.type}: ${note}`))
      volumes.push({ name: partition.name, partition, filesystem })
      if (filesystem.type === 'iso9660') openBootImages(partition, source)
      return
    }
    const found = openPhysicalVolume(source, budget)
    if (isRefusal(found)) unread.push(`${partition.name}: ${foreignContent(source) ?? filesystem.refused}`)
    else physical.push(found)
  }
  /** Not all are filesystems: programs that BIOS would start are no loss. A hybrid image has the others as partitions, too. */
  const openBootImages = (iso: Partition, source: Source): void => {
    const images = attempt(() => elToritoImages(source, budget))
    if (isRefusal(images)) return void notes.push(`${iso.name}: El Torito: ${images.refused}`)
    for (const image of images) {
      const start = iso.start + image.start
      const filesystem = openFilesystem(slice(source, image.start, image.size), budget)
      if (isRefusal(filesystem) || table.partitions.some((each) => each.start === start)) continue
      volumes.push({ name: image.name, partition: { ...image, start }, filesystem })
    }
  }
  for (const partition of table.partitions) open(partition, slice(disk, partition.start, partition.size))
  for (const { name, ids, source } of readLogicalVolumes(physical, budget, (text) => unread.push(text))) {
    open({ name, start: 0, size: source.size, type: 'lvm', guid: ids }, source)
  }
  const isWhole = table.partitions.some(({ name }) => name === 'disk')
  if (volumes.length === 0 && !isWhole && offset === null)
    open({ name: 'disk', start: 0, size: disk.size, type: 'none', guid: null }, disk)
  return { volumes, notes, unread }
}

function wholeFrom(start: number, disk: Source): { partitions: readonly Partition[]; notes: readonly string[] } {
  if (start >= disk.size) return { partitions: [], notes: [`offset ${start} is behind the end of the disk`] }
  return { partitions: [{ name: 'disk', start, size: disk.size - start, type: 'none', guid: null }], notes: [] }
}

function openFilesystem(partition: Source, budget: Budget): Filesystem | Refusal {
  const reasons: string[] = []
  for (const opener of OPENERS) {
    const filesystem = opener(partition, budget)
    if (!isRefusal(filesystem)) return filesystem
    reasons.push(filesystem.refused)
  }
  // Every format says in the same words that the bytes are none of it; what says more is worth reading.
  const telling = reasons.filter((reason) => !reason.startsWith('not '))
  return refuse(telling.length === 0 ? 'no filesystem that is read' : telling.join('; '))
}
