/**
 * What an ELF kernel says about itself: Xen's notes, read as Xen's domain builder reads them.
 * Sources: the ELF specification (gABI), xen/include/public/elfnote.h.
 */
import { attempt, type Budget, DiskFault, type Refusal, refuse } from '../disk-fault.ts'
import { cString, part, struct, u16le, u32le, u64le } from '../disk/reader.ts'
import { readBytes, type Source } from '../disk/source.ts'
import { plainLine } from '../plain-line.ts'
import { type KernelFacts } from '../types.ts'

export const ELF_MAGIC = '7f454c46'
const CLASS_64 = 2
const CLASS_32 = 1
const LITTLE_ENDIAN = 1
const MACHINE = { 3: 'x86_32', 62: 'x86_64' } as const
const PROGRAM_NOTE = 4
const SECTION_NOTE = 7

const HEADER_64 = {
  machine: u16le(18),
  phoff: u64le(32),
  shoff: u64le(40),
  phentsize: u16le(54),
  phnum: u16le(56),
  shentsize: u16le(58),
  shnum: u16le(60),
}
const HEADER_32 = {
  machine: u16le(18),
  phoff: u32le(28),
  shoff: u32le(32),
  phentsize: u16le(42),
  phnum: u16le(44),
  shentsize: u16le(46),
  shnum: u16le(48),
}
const PROGRAM_64 = { type: u32le(0), offset: u64le(8), size: u64le(32) }
const PROGRAM_32 = { type: u32le(0), offset: u32le(4), size: u32le(16) }
const SECTION_64 = { type: u32le(4), offset: u64le(24), size: u64le(32) }
const SECTION_32 = { type: u32le(4), offset: u32le(16), size: u32le(20) }
const NOTE = { nameSize: u32le(0), valueSize: u32le(4), type: u32le(8) }

/** xen/include/public/elfnote.h */
const XEN_NOTE = { entry: 1, guestOs: 6, features: 10, physicalEntry32: 18 }
const MAX_FEATURES = 64
const MAX_HEADERS = 1024
const MAX_NOTE_BYTES = 1024 * 1024

export type ElfFacts = Omit<KernelFacts, 'container' | 'compression' | 'version'>

/** The facts of an ELF kernel, or why it is none for x86. */
export function readElf(kernel: Source, budget: Budget): ElfFacts | Refusal {
  return attempt(() => {
    const ident = readBytes(kernel, 0, Math.min(64, kernel.size))
    if (ident.toString('hex', 0, 4) !== ELF_MAGIC) return refuse('no ELF file')
    const is64 = ident[4] === CLASS_64
    if ((!is64 && ident[4] !== CLASS_32) || ident[5] !== LITTLE_ENDIAN) return refuse('an ELF file of an unknown class')
    const header = struct(ident, 0, is64 ? HEADER_64 : HEADER_32)
    const architecture = MACHINE[header.machine as keyof typeof MACHINE] as (typeof MACHINE)[3 | 62] | undefined
    if (architecture === undefined) return refuse('an ELF file for another processor')
    const notes = readNotes(kernel, noteRanges(kernel, header, is64 ? LAYOUT_64 : LAYOUT_32), budget)
    const text = (type: number): string | null => {
      const value = notes.get(type)
      return value === undefined ? null : plainLine(cString(value))
    }
    return {
      architecture,
      canPv: notes.has(XEN_NOTE.entry),
      canPvh: notes.has(XEN_NOTE.physicalEntry32),
      guestOs: text(XEN_NOTE.guestOs),
      features: (text(XEN_NOTE.features) ?? '').split('|', MAX_FEATURES).filter((feature) => feature !== ''),
    }
  })
}

const LAYOUT_64 = { program: PROGRAM_64, section: SECTION_64 }
const LAYOUT_32 = { program: PROGRAM_32, section: SECTION_32 }

interface Range {
  readonly offset: number
  readonly size: number
}

/** Where notes lie: the note segments, or the note sections where there are no such segments (old kernels). */
function noteRanges(
  kernel: Source,
  header: { phoff: number; phnum: number; phentsize: number; shoff: number; shnum: number; shentsize: number },
  layout: typeof LAYOUT_64 | typeof LAYOUT_32,
): Range[] {
  const rows = (at: number, count: number, size: number, kind: 'program' | 'section', wanted: number): Range[] => {
    if (count === 0 || at === 0) return []
    if (count > MAX_HEADERS || size < 32) throw new DiskFault('an ELF file with impossible headers')
    const table = readBytes(kernel, at, count * size)
    const all = Array.from({ length: count }, (_, index) => struct(table, index * size, layout[kind]))
    return all.filter(({ type }) => type === wanted)
  }
  const segments = rows(header.phoff, header.phnum, header.phentsize, 'program', PROGRAM_NOTE)
  if (segments.length > 0) return segments
  return rows(header.shoff, header.shnum, header.shentsize, 'section', SECTION_NOTE)
}

/** The values of Xen's notes by type; the first of a type wins. */
function readNotes(kernel: Source, ranges: readonly Range[], budget: Budget): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  for (const { offset, size } of ranges) {
    if (size > MAX_NOTE_BYTES) throw new DiskFault('an ELF file with impossible notes')
    const bytes = readBytes(kernel, offset, size)
    for (let at = 0; at + 12 <= bytes.length;) {
      budget.spend('entries')
      const note = struct(bytes, at, NOTE)
      const valueAt = at + 12 + align4(note.nameSize)
      const name = cString(part(bytes, at + 12, note.nameSize))
      const value = part(bytes, valueAt, note.valueSize)
      if (name === 'Xen' && !found.has(note.type)) found.set(note.type, value)
      at = valueAt + align4(note.valueSize)
    }
  }
  return found
}

const align4 = (size: number): number => Math.ceil(size / 4) * 4
