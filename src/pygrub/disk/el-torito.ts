/**
 * The filesystems that an ISO 9660 image carries for firmware to boot from: floppies, and the EFI system partition of a CD.
 * Layout: "El Torito" Bootable CD-ROM Format Specification 1.0; UEFI Specification, "ISO-9660 and El Torito".
 */
import { type Budget } from '../disk-fault.ts'
import { EFI_SYSTEM_PARTITION, type Partition } from './partitions.ts'
import { struct, structAt, text, u16le, u32le, u8 } from './reader.ts'
import { readBytes, type Source } from './source.ts'

const SECTOR = 2048
/** The boot record is always the second descriptor. */
const RECORD_AT = 17 * SECTOR
const RECORD = { type: u8(0), identifier: text(1, 5), system: text(7, 32), catalogSector: u32le(71) }
const SYSTEM = 'EL TORITO SPECIFICATION'
const CATALOG_BYTES = SECTOR
const ENTRY_BYTES = 32
const VALIDATION = { id: u8(0), platform: u8(1), signature: u16le(30) }
const SECTION = { id: u8(0), platform: u8(1), entries: u16le(2) }
const ENTRY = { indicator: u8(0), media: u8(1), sectors: u16le(6), start: u32le(8) }
const BOOTABLE = 0x88
const SECTION_IDS = new Set([0x90, 0x91])
const EFI = 0xef
/** Bytes of the floppies that firmware plays, by the media type. A hard disk (4) would have partitions; it is not read. */
const FLOPPY_BYTES: Readonly<Record<number, number>> = { 1: 1200 * 1024, 2: 1440 * 1024, 3: 2880 * 1024 }
const NO_EMULATION = 0

/** The images of a disk's boot catalog, in its order; none where there is no catalog. Throws DiskFault for one that is damaged. */
export function elToritoImages(disk: Source, budget: Budget): readonly Partition[] {
  if (disk.size < RECORD_AT + SECTOR) return []
  const record = structAt(disk, RECORD_AT, RECORD)
  if (record.type !== 0 || record.identifier !== 'CD001' || record.system.trimEnd() !== SYSTEM) return []
  const catalog = readBytes(disk, record.catalogSector * SECTOR, CATALOG_BYTES)
  const { id, signature, platform: first } = struct(catalog, 0, VALIDATION)
  if (id !== 1 || signature !== 0xaa55) return []
  const found: Partition[] = []
  let platform = first
  for (let at = ENTRY_BYTES; at < catalog.length; at += ENTRY_BYTES) {
    budget.spend('entries')
    const section = struct(catalog, at, SECTION)
    if (SECTION_IDS.has(section.id)) platform = section.platform
    const image = section.id === BOOTABLE ? imageOf(disk, struct(catalog, at, ENTRY), platform) : null
    if (image !== null) found.push({ ...image, name: `eltorito${found.length + 1}` })
  }
  return found
}

function imageOf(
  disk: Source,
  entry: { media: number; start: number },
  platform: number,
): Omit<Partition, 'name'> | null {
  const media = entry.media & 0x0f
  const start = entry.start * SECTOR
  if (start === 0 || start >= disk.size) return null
  // Of an image that nobody plays as a disk, the count tells what BIOS loads; its filesystem knows its own end.
  const most = media === NO_EMULATION ? Infinity : FLOPPY_BYTES[media]
  if (most === undefined) return null
  const type = platform === EFI ? EFI_SYSTEM_PARTITION : 'el-torito'
  return { start, size: Math.min(most, disk.size - start), type, guid: null }
}
