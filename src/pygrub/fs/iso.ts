/**
 * ISO 9660 with Rock Ridge or Joliet, read-only. Layout: ECMA-119; IEEE P1282 (RRIP) and P1281 (SUSP); the Joliet
 * Specification. Rock Ridge wins over Joliet, as in Linux, since it has the real names and the symlinks.
 */
import { attempt, type Budget, DiskFault, type Refusal, refuse } from '../disk-fault.ts'
import { part, raw, struct, structAt, text, u32le, u8 } from '../disk/reader.ts'
import { readBytes, slice, type Source } from '../disk/source.ts'
import { type DirectoryEntry, type Filesystem, type Node, type NodeKind } from './filesystem.ts'

const SECTOR = 2048
const FIRST_DESCRIPTOR = 16
const MAX_DESCRIPTORS = 64
const DESCRIPTOR = {
  type: u8(0),
  identifier: text(1, 5),
  label: raw(40, 32),
  escapes: raw(88, 3),
  root: raw(156, 34),
  created: raw(813, 17),
  modified: raw(830, 17),
}
const TYPE = { primary: 1, supplementary: 2, end: 255 }
/** UCS-2 levels 1 to 3 (Joliet, "Escape sequences"). */
const JOLIET = new Set(['252f40', '252f43', '252f45'])
const RECORD = { length: u8(0), sector: u32le(2), size: u32le(10), time: raw(18, 7), flags: u8(25), nameLength: u8(32) }
const NAME_AT = 33
const FLAG = { directory: 0x02, continues: 0x80 }
const CONTINUATION = { sector: u32le(4), offset: u32le(12), size: u32le(20) }
const MAX_DIRECTORY_BYTES = 16 * 1024 * 1024
const MAX_CONTINUATIONS = 32
const MAX_EXTENTS = 64

interface IsoVolume {
  readonly medium: Source
  readonly budget: Budget
  readonly names: 'plain' | 'rock-ridge' | 'joliet'
  /** Bytes to skip in each system use area (SUSP, SP entry). */
  readonly skip: number
}

export function openIso(partition: Source, budget: Budget): Filesystem | Refusal {
  return attempt(() => {
    if (partition.size < (FIRST_DESCRIPTOR + 1) * SECTOR) return refuse('not ISO 9660: too small')
    const descriptors = readDescriptors(partition)
    const primary = descriptors.find(({ type }) => type === TYPE.primary)
    if (primary === undefined) return refuse('not ISO 9660: no CD001 at 32769')
    const joliet = descriptors.find(
      ({ type, escapes }) => type === TYPE.supplementary && JOLIET.has(escapes.toString('hex')),
    )
    const skip = rockRidgeSkip({ medium: partition, budget, names: 'rock-ridge', skip: 0 }, primary.root)
    const names = skip !== null ? 'rock-ridge' : joliet === undefined ? 'plain' : 'joliet'
    const root = names === 'joliet' && joliet !== undefined ? joliet.root : primary.root
    const label = primary.label.toString('latin1').trim()
    return {
      type: 'iso9660',
      uuid: uuidOf(primary.modified) ?? uuidOf(primary.created),
      label: label === '' ? null : label,
      root: recordNode({ medium: partition, budget, names, skip: skip ?? 0 }, [root], EMPTY_AREA),
      ignoresCase: names !== 'rock-ridge',
      needsReplay: false,
      notes: [],
    }
  })
}

type Descriptor = ReturnType<typeof struct<typeof DESCRIPTOR>>

function readDescriptors(medium: Source): Descriptor[] {
  const descriptors: Descriptor[] = []
  for (let index = 0; index < MAX_DESCRIPTORS; index++) {
    const at = (FIRST_DESCRIPTOR + index) * SECTOR
    if (at + SECTOR > medium.size) break
    const descriptor = structAt(medium, at, DESCRIPTOR)
    if (descriptor.identifier !== 'CD001' || descriptor.type === TYPE.end) break
    descriptors.push(descriptor)
  }
  return descriptors
}

/** As blkid and GRUB write it: the time to a hundredth of a second with dashes. */
function uuidOf(time: Buffer): string | null {
  const digits = time.toString('latin1', 0, 16)
  if (!/^\d{16}$/.test(digits) || /^0+$/.test(digits)) return null
  return digits.replace(/^(....)(..)(..)(..)(..)(..)(..)$/, '$1-$2-$3-$4-$5-$6-$7')
}

/** The root's own record begins with an SP entry where there is Rock Ridge; null where there is none. */
function rockRidgeSkip(volume: IsoVolume, root: Buffer): number | null {
  const { sector } = struct(root, 0, RECORD)
  const bytes = readBytes(volume.medium, sector * SECTOR, SECTOR)
  const length = bytes.readUInt8(0)
  if (length < NAME_AT + 1 || length > bytes.length) return null
  const area = systemArea(bytes.subarray(0, length))
  const isPresent = area.length >= 7 && area.toString('latin1', 0, 2) === 'SP' && area.readUInt16BE(4) === 0xbeef
  return isPresent ? area.readUInt8(6) : null
}

/** What follows the name of a record, after a byte that keeps it even. */
function systemArea(record: Buffer): Buffer {
  const nameLength = record.readUInt8(32)
  const at = NAME_AT + nameLength + (nameLength % 2 === 0 ? 1 : 0)
  return at >= record.length ? Buffer.alloc(0) : record.subarray(at)
}

interface RockRidge {
  readonly name: string | null
  readonly target: string | null
  readonly mode: number | null
  /** A directory that was moved up because it lay too deep (CL), by its sector. */
  readonly movedTo: number | null
  readonly isMoved: boolean
}
const EMPTY_AREA: RockRidge = { name: null, target: null, mode: null, movedTo: null, isMoved: false }

function readRockRidge(volume: IsoVolume, record: Buffer): RockRidge {
  const found = {
    name: null as string | null,
    target: null as string | null,
    mode: null as number | null,
    movedTo: null as number | null,
    isMoved: false,
  }
  let area = systemArea(record).subarray(volume.skip)
  for (let count = 0; count < MAX_CONTINUATIONS; count++) {
    let next: Buffer | null = null
    for (let at = 0; at + 4 <= area.length;) {
      const length = area.readUInt8(at + 2)
      if (length < 4 || at + length > area.length) break
      volume.budget.spend('entries')
      const entry = area.subarray(at, at + length)
      const kind = entry.toString('latin1', 0, 2)
      if (kind === 'NM' && length >= 5) found.name = (found.name ?? '') + entry.toString('utf8', 5)
      else if (kind === 'SL' && length >= 5) found.target = joinTarget(found.target, entry.subarray(5))
      else if (kind === 'PX' && length >= 8) found.mode = entry.readUInt32LE(4)
      else if (kind === 'CL' && length >= 8) found.movedTo = entry.readUInt32LE(4)
      else if (kind === 'RE') found.isMoved = true
      else if (kind === 'CE' && length >= 28) {
        const { sector, offset, size } = struct(entry, 0, CONTINUATION)
        next = readBytes(volume.medium, sector * SECTOR + offset, Math.min(size, SECTOR))
      }
      at += length
    }
    if (next === null) break
    area = next
  }
  return { ...found, target: found.target?.replace(/\/$/, '') ?? null }
}

const COMPONENT = { continues: 0x01, current: 0x02, parent: 0x04, root: 0x08 }

/** Adds the components of an SL entry; the text ends in `/` while the next one begins a new name. */
function joinTarget(before: string | null, bytes: Buffer): string {
  let target = before ?? ''
  for (let at = 0; at + 2 <= bytes.length;) {
    const flags = bytes.readUInt8(at)
    const length = bytes.readUInt8(at + 1)
    if ((flags & COMPONENT.root) !== 0) target = '/'
    else {
      if ((flags & COMPONENT.current) !== 0) target += '.'
      else if ((flags & COMPONENT.parent) !== 0) target += '..'
      else target += part(bytes, at + 2, length).toString('utf8')
      if ((flags & COMPONENT.continues) === 0) target += '/'
    }
    at += 2 + length
  }
  return target
}

/** A file or directory of one record, or of several where a file has more than one extent. */
function recordNode(volume: IsoVolume, records: readonly Buffer[], rock: RockRidge): Node {
  const extents = records.map((record) => struct(record, 0, RECORD))
  const [first] = extents
  if (first === undefined) throw new DiskFault('a file without a record')
  const size = extents.reduce((sum, extent) => sum + extent.size, 0)
  const isDirectory = (first.flags & FLAG.directory) !== 0
  const kind: NodeKind = rock.target !== null ? 'symlink' : isDirectory ? 'directory' : 'file'
  const open = (): Source => joined(extents.map((extent) => slice(volume.medium, extent.sector * SECTOR, extent.size)))
  return {
    kind,
    size,
    fingerprint: [first.sector, size, first.time.toString('hex')].join(':'),
    open,
    entries: () => readDirectory(volume, open()),
    target: () => rock.target ?? '',
  }
}

/** Sources one after the other as one. */
function joined(sources: readonly Source[]): Source {
  const [only] = sources
  if (sources.length === 1 && only !== undefined) return only
  return {
    size: sources.reduce((sum, { size }) => sum + size, 0),
    readInto(target, position, use) {
      let start = 0
      let done = 0
      for (const source of sources) {
        const from = position + done - start
        const count = Math.min(target.length - done, source.size - from)
        if (count > 0 && from >= 0) {
          source.readInto(target.subarray(done, done + count), from, use)
          done += count
        }
        start += source.size
      }
      if (done < target.length) throw new DiskFault('a read goes past the end of a file')
    },
  }
}

function readDirectory(volume: IsoVolume, content: Source): DirectoryEntry[] {
  if (content.size > MAX_DIRECTORY_BYTES) throw new DiskFault(`a directory of ${content.size} bytes`)
  const bytes = readBytes(content, 0, content.size)
  const found: DirectoryEntry[] = []
  let records: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt8(at)
    if (length === 0) {
      // Records do not cross sectors: the rest of this one is empty.
      at = (Math.floor(at / SECTOR) + 1) * SECTOR
      continue
    }
    volume.budget.spend('entries')
    if (length < NAME_AT + 1) throw new DiskFault('a directory record that is too short')
    const record = part(bytes, at, length)
    at += length
    if (records.push(record) > MAX_EXTENTS) throw new DiskFault('a file of too many extents')
    const { flags, nameLength } = struct(record, 0, RECORD)
    if ((flags & FLAG.continues) !== 0) continue
    const entry = directoryEntry(volume, records, part(record, NAME_AT, nameLength))
    if (entry !== null) found.push(entry)
    records = []
  }
  return found
}

function directoryEntry(volume: IsoVolume, records: readonly Buffer[], name: Buffer): DirectoryEntry | null {
  const [record] = records
  if (record === undefined || (name.length === 1 && (name[0] ?? 2) < 2)) return null
  if (volume.names !== 'rock-ridge') {
    const text =
      volume.names === 'joliet'
        ? Buffer.from(name.subarray(0, name.length & ~1))
            .swap16()
            .toString('utf16le')
        : name.toString('latin1')
    return { name: text.replace(/;\d+$/, '').replace(/\.$/, ''), node: () => recordNode(volume, records, EMPTY_AREA) }
  }
  const rock = readRockRidge(volume, record)
  if (rock.isMoved) return null
  return {
    name: rock.name ?? name.toString('latin1').replace(/;\d+$/, '').replace(/\.$/, '').toLowerCase(),
    node: () => (rock.movedTo === null ? recordNode(volume, records, rock) : movedDirectory(volume, rock.movedTo)),
  }
}

/** A directory that Rock Ridge moved: its first record describes itself. */
function movedDirectory(volume: IsoVolume, sector: number): Node {
  const bytes = readBytes(volume.medium, sector * SECTOR, SECTOR)
  return recordNode(volume, [part(bytes, 0, Math.max(NAME_AT + 1, bytes.readUInt8(0)))], EMPTY_AREA)
}
