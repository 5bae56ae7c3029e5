/**
 * LVM2, read-only: linear logical volumes of any number of segments, on physical volumes of this disk.
 * Layout: LVM2 lib/format_text/layout.h and format-text.c. Striped, mirrored, thin and cached volumes are named in a
 * note. Checksums are not checked: a hostile guest writes them too.
 */
import { attempt, type Budget, DiskFault, isRefusal, type Refusal, refuse } from '../disk-fault.ts'
import { type ConfigSection, parseLvmConfig } from './lvm-config.ts'
import { raw, structAt, text, u32le, u64le } from './reader.ts'
import { readBytes, type Source } from './source.ts'

const SECTOR = 512
/** The label lies in one of the first four sectors. */
const LABEL_SECTORS = 4
const LABEL = { id: text(0, 8), headerAt: u32le(20), type: text(24, 8) }
const PV_HEADER = { uuid: raw(0, 32) }
const AREA = { at: u64le(0), size: u64le(8) }
const METADATA = { magic: raw(4, 16), start: u64le(24), size: u64le(32), textAt: u64le(40), textSize: u64le(48) }
const METADATA_MAGIC = ' LVM2 x[5A%r0N*>'
const METADATA_HEADER_BYTES = 512
const MAX_AREAS = 16
const MAX_TEXT_BYTES = 8 * 1024 * 1024
const MAX_SEGMENTS = 10_000

export interface PhysicalVolume {
  readonly source: Source
  /** 32 characters without dashes. */
  readonly uuid: string
  readonly metadata: string
}

export interface LogicalVolume {
  /** `lvm/group-name` as GRUB writes it: a dash within either name is doubled. */
  readonly name: string
  /** Group and volume, `UUID/UUID`, as in GRUB's `lvmid/…`. */
  readonly ids: string
  readonly source: Source
}

/** Reads a partition as a physical volume, or tells why it is none. */
export function openPhysicalVolume(partition: Source, budget: Budget): PhysicalVolume | Refusal {
  return attempt(() => {
    for (let sector = 0; sector < LABEL_SECTORS && (sector + 1) * SECTOR <= partition.size; sector++) {
      const label = structAt(partition, sector * SECTOR, LABEL)
      if (label.id !== 'LABELONE' || label.type !== 'LVM2 001') continue
      const headerAt = sector * SECTOR + label.headerAt
      const uuid = structAt(partition, headerAt, PV_HEADER).uuid.toString('latin1')
      return { source: partition, uuid, metadata: readMetadata(partition, headerAt + 40, budget) }
    }
    return refuse('not LVM: no label')
  })
}

/** After the header: data areas up to an empty one, then metadata areas up to an empty one. */
function readMetadata(partition: Source, areasAt: number, budget: Budget): string {
  let at = areasAt
  let isMetadata = false
  for (let count = 0; count < MAX_AREAS; count++, at += 16) {
    budget.spend('entries')
    const area = structAt(partition, at, AREA)
    if (area.at !== 0 && isMetadata) return readMetadataArea(partition, area.at)
    if (area.at !== 0) continue
    if (isMetadata) break
    isMetadata = true
  }
  throw new DiskFault('an LVM physical volume without metadata')
}

/** The text lies in a ring after the area's header. */
function readMetadataArea(partition: Source, areaAt: number): string {
  const area = structAt(partition, areaAt, METADATA)
  if (area.magic.toString('latin1') !== METADATA_MAGIC) throw new DiskFault('damaged LVM metadata')
  if (
    area.textSize === 0 ||
    area.textSize > MAX_TEXT_BYTES ||
    area.textAt + METADATA_HEADER_BYTES > area.size + METADATA_HEADER_BYTES
  ) {
    throw new DiskFault('damaged LVM metadata')
  }
  const first = Math.min(area.textSize, area.size - area.textAt)
  const pieces = [readBytes(partition, areaAt + area.textAt, first)]
  if (first < area.textSize) pieces.push(readBytes(partition, areaAt + METADATA_HEADER_BYTES, area.textSize - first))
  return Buffer.concat(pieces)
    .toString('utf8')
    .replace(/\0[\s\S]*$/, '')
}

/** The logical volumes that lie wholly on these physical ones; the others become notes. */
export function readLogicalVolumes(
  physical: readonly PhysicalVolume[],
  budget: Budget,
  note: (text: string) => void,
): readonly LogicalVolume[] {
  const groups = new Map<string, ConfigSection>()
  for (const { metadata } of physical) {
    const config = attempt(() => parseLvmConfig(metadata, budget))
    if (isRefusal(config)) note(`LVM: ${config.refused}`)
    else for (const [name, group] of Object.entries(config.sections)) groups.set(name, group)
  }
  return [...groups].flatMap(([groupName, group]) =>
    Object.entries(group.sections['logical_volumes']?.sections ?? {}).flatMap(([name, volume]) => {
      const source = attempt(() => logicalSource(group, volume, physical))
      const full = `lvm/${groupName.replaceAll('-', '--')}-${name.replaceAll('-', '--')}`
      if (!isRefusal(source)) return [{ name: full, ids: `${textOf(group, 'id')}/${textOf(volume, 'id')}`, source }]
      note(`${full}: ${source.refused}`)
      return []
    }),
  )
}

const textOf = (section: ConfigSection, key: string): string => {
  const value = section.values[key]
  return typeof value === 'string' ? value : ''
}

function numberOf(section: ConfigSection, key: string): number {
  const value = section.values[key]
  if (typeof value !== 'number' || value < 0) throw new DiskFault(`LVM metadata without ${key}`)
  return value
}

interface Piece {
  readonly logical: number
  readonly length: number
  readonly medium: Source
  readonly physical: number
}

function logicalSource(group: ConfigSection, volume: ConfigSection, physical: readonly PhysicalVolume[]): Source {
  const extentBytes = numberOf(group, 'extent_size') * SECTOR
  const segments = Object.values(volume.sections)
  if (segments.length === 0 || segments.length > MAX_SEGMENTS) throw new DiskFault('a volume without segments')
  const pieces = segments.map((segment): Piece => {
    const type = textOf(segment, 'type')
    if (type !== 'striped' || numberOf(segment, 'stripe_count') !== 1)
      throw new DiskFault(`its segments are ${type}, which is not read`)
    const stripes = segment.values['stripes']
    const [name, extent] = typeof stripes === 'object' ? stripes : []
    const described = typeof name === 'string' ? group.sections['physical_volumes']?.sections[name] : undefined
    if (described === undefined || typeof extent !== 'number') throw new DiskFault('a segment on no physical volume')
    const uuid = textOf(described, 'id').replaceAll('-', '')
    const medium = physical.find((each) => each.uuid === uuid)?.source
    if (medium === undefined) throw new DiskFault('it is partly on another disk')
    return {
      logical: numberOf(segment, 'start_extent') * extentBytes,
      length: numberOf(segment, 'extent_count') * extentBytes,
      medium,
      physical: numberOf(described, 'pe_start') * SECTOR + extent * extentBytes,
    }
  })
  pieces.sort((left, right) => left.logical - right.logical)
  return piecesSource(pieces)
}

function piecesSource(pieces: readonly Piece[]): Source {
  let size = 0
  for (const piece of pieces) {
    if (piece.logical !== size) throw new DiskFault('its segments do not join')
    size += piece.length
  }
  return {
    size,
    readInto(target, position, use) {
      if (position < 0 || position + target.length > size) throw new DiskFault('a read goes past the end of a volume')
      const end = position + target.length
      for (const { logical, length, medium, physical } of pieces) {
        const start = Math.max(position, logical)
        const stop = Math.min(end, logical + length)
        if (start < stop)
          medium.readInto(target.subarray(start - position, stop - position), physical + start - logical, use)
      }
    },
  }
}
