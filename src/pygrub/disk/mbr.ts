import { type Budget, DiskFault } from '../disk-fault.ts'
import { NO_MBR, type Partition, type PartitionTable } from './partitions.ts'
import { struct, u16le, u32le, u8 } from './reader.ts'
import { readBytes, type Source } from './source.ts'

const SECTOR = 512
/** The four rows at 446 of an MBR or EBR. */
const ROW = { status: u8(0), type: u8(4), start: u32le(8), sectors: u32le(12) }
const SIGNATURE = { value: u16le(510) }
const EXTENDED = new Set([0x05, 0x0f, 0x85])
const PROTECTIVE = 0xee
const MAX_LOGICAL = 128

interface Row {
  readonly type: number
  readonly start: number
  readonly sectors: number
}

/** Reads an MBR with its logical partitions. Throws DiskFault when the first sector is none (a filesystem's boot sector is none). */
export function readMbr(disk: Source, budget: Budget): PartitionTable {
  const sector = readBytes(disk, 0, SECTOR)
  if (struct(sector, 0, SIGNATURE).value !== 0xaa55) throw new DiskFault(NO_MBR)
  const statuses = [0, 1, 2, 3].map((index) => struct(sector, 446 + index * 16, ROW).status)
  // A FAT or NTFS boot sector has the same signature and code where the rows would be (Linux block/partitions/msdos.c).
  if (statuses.some((status) => (status & 0x7f) !== 0)) throw new DiskFault(NO_MBR)
  const partitions: Partition[] = []
  const notes: string[] = []
  rowsOf(sector).forEach((row, index) => {
    if (row.type === 0 || row.sectors === 0 || row.type === PROTECTIVE) return
    if (EXTENDED.has(row.type)) {
      readLogical(disk, budget, row.start, partitions, notes)
      return
    }
    const partition = partitionOf(disk, `msdos${index + 1}`, row, 0)
    if (partition === null) notes.push(`msdos${index + 1} lies outside the disk`)
    else partitions.push(partition)
  })
  if (partitions.length === 0) throw new DiskFault('an MBR without usable partitions')
  return { partitions, notes }
}

const rowsOf = (sector: Buffer): Row[] => [0, 1, 2, 3].map((index) => struct(sector, 446 + index * 16, ROW))

function partitionOf(disk: Source, name: string, row: Row, base: number): Partition | null {
  const start = (base + row.start) * SECTOR
  const size = row.sectors * SECTOR
  if (start === 0 || start + SECTOR > disk.size) return null
  const type = `0x${row.type.toString(16).padStart(2, '0')}`
  return { name, start, size: Math.min(size, disk.size - start), type, guid: null }
}

/** Follows the chain of extended boot records; the chain may be a loop on a hostile disk. */
function readLogical(disk: Source, budget: Budget, base: number, found: Partition[], notes: string[]): void {
  const seen = new Set<number>()
  let number = 5
  for (let record = base; !seen.has(record) && seen.size < MAX_LOGICAL;) {
    seen.add(record)
    budget.spend('entries')
    if ((record + 1) * SECTOR > disk.size) return void notes.push('the chain of logical partitions leaves the disk')
    const sector = readBytes(disk, record * SECTOR, SECTOR)
    if (struct(sector, 0, SIGNATURE).value !== 0xaa55) return
    const rows = rowsOf(sector)
    const logical = rows.find((row) => row.type !== 0 && row.sectors !== 0 && !EXTENDED.has(row.type))
    if (logical !== undefined) {
      const partition = partitionOf(disk, `msdos${number++}`, logical, record)
      if (partition !== null) found.push(partition)
    }
    const next = rows.find((row) => EXTENDED.has(row.type) && row.sectors !== 0)
    if (next === undefined) return
    record = base + next.start
  }
  notes.push('the chain of logical partitions is a loop or too long')
}
