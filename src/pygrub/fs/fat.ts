/**
 * FAT12, FAT16 and FAT32 with long names, read-only.
 * Layout: Microsoft Extensible Firmware Initiative FAT32 File System Specification 1.03.
 */
import { attempt, type Budget, DiskFault, type Refusal, refuse } from '../disk-fault.ts'
import { raw, struct, structAt, u16le, u32le, u8 } from '../disk/reader.ts'
import { readBytes, type Source } from '../disk/source.ts'
import { type DirectoryEntry, type Filesystem, type Node } from './filesystem.ts'
import { pushRun, type Run, runSource } from './runs.ts'

const BOOT_SECTOR = {
  sectorBytes: u16le(11),
  clusterSectors: u8(13),
  reservedSectors: u16le(14),
  fatCount: u8(16),
  rootEntries: u16le(17),
  sectors16: u16le(19),
  media: u8(21),
  fatSectors16: u16le(22),
  sectors32: u32le(32),
}
const FAT16_PART = { signature: u8(38), serial: u32le(39), label: raw(43, 11) }
const FAT32_PART = {
  fatSectors: u32le(36),
  rootCluster: u32le(44),
  signature: u8(66),
  serial: u32le(67),
  label: raw(71, 11),
}
const ENTRY = {
  name: raw(0, 11),
  attributes: u8(11),
  caseFlags: u8(12),
  created: u32le(14),
  clusterHigh: u16le(20),
  written: u32le(22),
  clusterLow: u16le(26),
  size: u32le(28),
}
const ENTRY_BYTES = 32
const ATTRIBUTE = { volume: 0x08, directory: 0x10, longName: 0x0f }
const EXTENDED_SIGNATURE = 0x29
const DELETED = 0xe5
/** Larger than any directory that DOS or Linux makes: 65536 entries. */
const MAX_DIRECTORY_BYTES = 65536 * ENTRY_BYTES

interface FatVolume {
  readonly medium: Source
  readonly budget: Budget
  readonly bits: 12 | 16 | 32
  readonly fatAt: number
  readonly clusters: number
  readonly clusterBytes: number
  /** Bytes from the start to cluster 2. */
  readonly dataAt: number
  /** The fixed root directory of FAT12 and FAT16, or the root's first cluster. */
  readonly root: { readonly at: number; readonly bytes: number } | { readonly cluster: number }
}

export function openFat(partition: Source, budget: Budget): Filesystem | Refusal {
  return attempt(() => {
    if (partition.size < 512) return refuse('not FAT: too small')
    const boot = structAt(partition, 0, BOOT_SECTOR)
    const { sectorBytes, clusterSectors } = boot
    const isSane =
      [512, 1024, 2048, 4096].includes(sectorBytes) &&
      clusterSectors !== 0 &&
      (clusterSectors & (clusterSectors - 1)) === 0 &&
      boot.reservedSectors !== 0 &&
      (boot.fatCount === 1 || boot.fatCount === 2) &&
      (boot.media === 0xf0 || boot.media >= 0xf8)
    if (!isSane) return refuse('not FAT: its boot sector is another one')
    const volume = volumeOf(partition, boot, budget)
    const extended = structAt(partition, 0, volume.bits === 32 ? FAT32_PART : FAT16_PART)
    const hasSerial = extended.signature === EXTENDED_SIGNATURE
    const serial = extended.serial.toString(16).toUpperCase().padStart(8, '0')
    const label = extended.label.toString('latin1').trim()
    return {
      type: 'vfat',
      uuid: hasSerial ? `${serial.slice(0, 4)}-${serial.slice(4)}` : null,
      label: !hasSerial || label === '' || label === 'NO NAME' ? null : label,
      root: directoryNode(volume, volume.root, 'root'),
      ignoresCase: true,
      needsReplay: false,
      notes: [],
    }
  })
}

function volumeOf(medium: Source, boot: ReturnType<typeof struct<typeof BOOT_SECTOR>>, budget: Budget): FatVolume {
  const large = boot.fatSectors16 === 0 ? structAt(medium, 0, FAT32_PART) : null
  const fatSectors = large?.fatSectors ?? boot.fatSectors16
  const sectors = boot.sectors16 === 0 ? boot.sectors32 : boot.sectors16
  const rootSectors = Math.ceil((boot.rootEntries * ENTRY_BYTES) / boot.sectorBytes)
  const rootSector = boot.reservedSectors + boot.fatCount * fatSectors
  const dataSector = rootSector + rootSectors
  const clusters = Math.floor((sectors - dataSector) / boot.clusterSectors)
  if (clusters < 1 || fatSectors === 0) throw new DiskFault('not FAT: it has no clusters')
  // The count of clusters alone decides the type (specification, "FAT Type Determination").
  const bits = large !== null ? 32 : clusters < 4085 ? 12 : 16
  return {
    medium,
    budget,
    bits,
    clusters,
    fatAt: boot.reservedSectors * boot.sectorBytes,
    clusterBytes: boot.clusterSectors * boot.sectorBytes,
    dataAt: dataSector * boot.sectorBytes,
    root:
      large !== null
        ? { cluster: large.rootCluster }
        : { at: rootSector * boot.sectorBytes, bytes: boot.rootEntries * ENTRY_BYTES },
  }
}

/** The cluster that follows one; null at the end of the chain. */
function nextCluster({ medium, bits, fatAt }: FatVolume, cluster: number): number | null {
  const at = fatAt + Math.floor((cluster * bits) / 8)
  const bytes = readBytes(medium, at, bits === 32 ? 4 : 2)
  let value = bits === 32 ? bytes.readUInt32LE() & 0x0fffffff : bytes.readUInt16LE()
  if (bits === 12) value = (cluster & 1) === 1 ? value >> 4 : value & 0xfff
  return value >= 2 ** (bits === 32 ? 28 : bits) - 8 ? null : value
}

/** The runs of a chain, up to `maxBytes`. A chain cannot be longer than the volume, so a loop ends as well. */
function chainRuns(volume: FatVolume, first: number, maxBytes: number): Run[] {
  const runs: Run[] = []
  const { clusterBytes } = volume
  const wanted = Math.ceil(maxBytes / clusterBytes)
  let cluster: number | null = first
  for (let index = 0; cluster !== null && index < wanted; index++) {
    volume.budget.spend('entries')
    if (cluster < 2 || cluster >= volume.clusters + 2) throw new DiskFault('a chain of clusters leaves the volume')
    if (index > volume.clusters) throw new DiskFault('a chain of clusters is a loop')
    const physical = volume.dataAt + (cluster - 2) * clusterBytes
    pushRun(runs, { logical: index * clusterBytes, length: clusterBytes, physical })
    cluster = nextCluster(volume, cluster)
  }
  return runs
}

const covered = (runs: readonly Run[]): number => {
  const last = runs.at(-1)
  return last === undefined ? 0 : last.logical + last.length
}

function directoryNode(volume: FatVolume, place: FatVolume['root'], fingerprint: string): Node {
  return {
    kind: 'directory',
    size: 0,
    fingerprint,
    open: () => {
      throw new DiskFault('it is a directory')
    },
    entries: () => readDirectory(volume, directoryBytes(volume, place)),
    target: () => '',
  }
}

function directoryBytes(volume: FatVolume, place: FatVolume['root']): Buffer {
  if ('at' in place) return readBytes(volume.medium, place.at, place.bytes)
  const runs = chainRuns(volume, place.cluster, MAX_DIRECTORY_BYTES)
  return readBytes(runSource(volume.medium, covered(runs), runs), 0, covered(runs))
}

function readDirectory(volume: FatVolume, bytes: Buffer): DirectoryEntry[] {
  const found: DirectoryEntry[] = []
  let longName = new LongName()
  for (let at = 0; at + ENTRY_BYTES <= bytes.length && bytes[at] !== 0; at += ENTRY_BYTES) {
    volume.budget.spend('entries')
    const entry = struct(bytes, at, ENTRY)
    const isLong = (entry.attributes & 0x3f) === ATTRIBUTE.longName
    if (bytes[at] !== DELETED && isLong) {
      longName.add(bytes.subarray(at, at + ENTRY_BYTES))
      continue
    }
    const isFile = bytes[at] !== DELETED && !isLong && (entry.attributes & ATTRIBUTE.volume) === 0
    const name = longName.finish(entry.name) ?? shortName(entry.name, entry.caseFlags)
    longName = new LongName()
    if (isFile && name !== '.' && name !== '..') found.push({ name, node: () => entryNode(volume, entry) })
  }
  return found
}

function entryNode(volume: FatVolume, entry: ReturnType<typeof struct<typeof ENTRY>>): Node {
  const cluster = entry.clusterLow + (volume.bits === 32 ? entry.clusterHigh * 65536 : 0)
  const fingerprint = [cluster, entry.size, entry.created, entry.written].join(':')
  if ((entry.attributes & ATTRIBUTE.directory) !== 0) {
    // ".." of a folder in the root says cluster 0.
    return directoryNode(volume, cluster === 0 ? volume.root : { cluster }, fingerprint)
  }
  return {
    kind: 'file',
    size: entry.size,
    fingerprint,
    open() {
      const runs = entry.size === 0 ? [] : chainRuns(volume, cluster, entry.size)
      if (covered(runs) < entry.size) throw new DiskFault('a file is longer than its chain of clusters')
      return runSource(volume.medium, entry.size, runs)
    },
    entries: () => [],
    target: () => '',
  }
}

/** `NAME    EXT` as `name.ext`; two flags say that a part was written in lower case. */
function shortName(name: Buffer, caseFlags: number): string {
  const text = (start: number, end: number, isLower: boolean): string => {
    const part = name.toString('latin1', start, end).trimEnd()
    return isLower ? part.toLowerCase() : part
  }
  const base = text(0, 8, (caseFlags & 0x08) !== 0).replace(/^\x05/, '\xe5')
  const extension = text(8, 11, (caseFlags & 0x10) !== 0)
  return extension === '' ? base : `${base}.${extension}`
}

/** A long name, gathered from the entries before the short one, last piece first. */
class LongName {
  #pieces = ''
  #expected = 0
  #checksum = -1

  add(entry: Buffer): void {
    const order = entry.readUInt8(0)
    const checksum = entry.readUInt8(13)
    const isFirst = (order & 0x40) !== 0
    if (!isFirst && ((order & 0x3f) !== this.#expected || checksum !== this.#checksum)) this.#expected = 0
    if (!isFirst && this.#expected === 0) return
    const piece = [entry.subarray(1, 11), entry.subarray(14, 26), entry.subarray(28, 32)]
    const text = Buffer.concat(piece)
      .toString('utf16le')
      .replace(/\0[\s\S]*$/, '')
    this.#pieces = text + (isFirst ? '' : this.#pieces)
    this.#expected = (order & 0x3f) - 1
    this.#checksum = checksum
  }

  /** The name if it is whole and belongs to this short one. */
  finish(short: Buffer): string | null {
    const sum = short.reduce((total, byte) => (((total & 1) << 7) + (total >> 1) + byte) & 0xff, 0)
    return this.#expected === 0 && sum === this.#checksum ? this.#pieces : null
  }
}
