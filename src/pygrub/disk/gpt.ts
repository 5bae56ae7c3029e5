import { crc32 } from 'node:zlib'
import { type Budget, DiskFault } from '../disk-fault.ts'
import { NO_GPT, type Partition, type PartitionTable } from './partitions.ts'
import { guidText, raw, struct, text, u32le, u64le } from './reader.ts'
import { readBytes, type Source } from './source.ts'

/** UEFI 2.10, table 5.5. */
const HEADER = {
  signature: text(0, 8),
  headerSize: u32le(12),
  headerCrc: u32le(16),
  entriesLba: u64le(72),
  entryCount: u32le(80),
  entrySize: u32le(84),
  entriesCrc: u32le(88),
}
/** UEFI 2.10, table 5.6. */
const ENTRY = { type: raw(0, 16), guid: raw(16, 16), firstLba: u64le(32), lastLba: u64le(40) }

const SECTOR_SIZES = [512, 4096]
const UNUSED = '00000000-0000-0000-0000-000000000000'
/** Rows that are looked at; disks have 128. */
const MAX_ENTRIES = 1024
const MAX_ENTRY_BYTES = 4096

/** Reads a GPT of 512 or 4096-byte sectors. Throws DiskFault when neither header is sound. */
export function readGpt(disk: Source, budget: Budget): PartitionTable {
  const problems: string[] = []
  for (const sector of SECTOR_SIZES) {
    for (const [which, position] of [
      ['primary', sector],
      ['backup', (Math.floor(disk.size / sector) - 1) * sector],
    ] as const) {
      const table = readTable(disk, budget, { sector, position })
      if (typeof table !== 'string') {
        const notes =
          which === 'backup' ? [`the first GPT is damaged (${problems.join('; ')}): its backup is used`] : []
        return { partitions: table, notes }
      }
      if (table !== '') problems.push(`${which} GPT of ${sector}-byte sectors: ${table}`)
    }
  }
  throw new DiskFault(problems.length === 0 ? NO_GPT : problems.join('; '))
}

/** The partitions, or what is wrong with this header; an empty text where there is no header at all. */
function readTable(
  disk: Source,
  budget: Budget,
  place: { readonly sector: number; readonly position: number },
): Partition[] | string {
  if (place.position < 0 || place.position + 512 > disk.size) return ''
  const sector = readBytes(disk, place.position, 512)
  if (sector.toString('latin1', 0, 8) !== 'EFI PART') return ''
  const header = struct(sector, 0, HEADER)
  if (header.headerSize < 92 || header.headerSize > 512) return `a header of ${header.headerSize} bytes`
  const covered = Buffer.from(sector.subarray(0, header.headerSize))
  covered.writeUInt32LE(0, 16)
  if (crc32(covered) !== header.headerCrc) return 'its header fails its checksum'
  const { entryCount, entrySize } = header
  if (entryCount > MAX_ENTRIES) return `${entryCount} entries, more than ${MAX_ENTRIES}`
  if (entrySize < 128 || entrySize > MAX_ENTRY_BYTES || entrySize % 8 !== 0) return `entries of ${entrySize} bytes`
  const start = header.entriesLba * place.sector
  if (start + entryCount * entrySize > disk.size) return 'its entries lie outside the disk'
  const rows = readBytes(disk, start, entryCount * entrySize)
  if (crc32(rows) !== header.entriesCrc) return 'its entries fail their checksum'
  budget.spend('entries', entryCount)
  return partitionsOf(rows, { entryCount, entrySize, sector: place.sector, diskSize: disk.size })
}

function partitionsOf(
  rows: Buffer,
  shape: { entryCount: number; entrySize: number; sector: number; diskSize: number },
): Partition[] {
  const partitions: Partition[] = []
  for (let index = 0; index < shape.entryCount; index++) {
    const entry = struct(rows, index * shape.entrySize, ENTRY)
    const type = guidText(entry.type)
    if (type === UNUSED) continue
    const start = entry.firstLba * shape.sector
    const size = (entry.lastLba - entry.firstLba + 1) * shape.sector
    if (size <= 0 || start + size > shape.diskSize) continue
    partitions.push({ name: `gpt${index + 1}`, start, size, type, guid: guidText(entry.guid) })
  }
  return partitions
}
