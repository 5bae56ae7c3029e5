/** Unified kernel images (UAPI.5): a PE file whose sections hold a kernel, a ramdisk and a command line. */
import { attempt, DiskFault, isRefusal, type Refusal, refuse } from '../disk-fault.ts'
import { raw, struct, structAt, text, u16le, u32le } from '../disk/reader.ts'
import { readBytes, slice, type Source } from '../disk/source.ts'
import { readWhole } from '../fs/path.ts'
import { type Boot, type GuestFile } from './menu.ts'

const DOS_HEADER = { magic: text(0, 2), peAt: u32le(60) }
const PE_HEADER = { magic: raw(0, 4), sections: u16le(6), optionalBytes: u16le(20) }
const PE_HEADER_BYTES = 24
const SECTION = { name: text(0, 8), virtualSize: u32le(8), rawSize: u32le(16), rawAt: u32le(20) }
const SECTION_BYTES = 40
const MAX_SECTIONS = 96
const MAX_TEXT_BYTES = 64 * 1024

export interface UnifiedKernel {
  readonly boot: Boot
  /** Section .uname. */
  readonly version: string | null
  /** Section .osrel, as os-release(5). */
  readonly release: ReadonlyMap<string, string>
}

export function readUnifiedKernel(file: GuestFile): UnifiedKernel | Refusal {
  const unified = attempt(() => {
    const image = file.node.open()
    const sections = readSections(image)
    const linux = sections.get('.linux')
    if (linux === undefined) return refuse('is no unified kernel image')
    const section = (name: string): string | null => {
      const content = sections.get(name)
      return content === undefined
        ? null
        : readWhole(content, MAX_TEXT_BYTES)
            .toString('utf8')
            .replace(/\0[\s\S]*$/, '')
            .trim()
    }
    const initrd = sections.get('.initrd')
    return {
      boot: {
        kernel: inside(file, '.linux', linux),
        ramdisks: initrd === undefined ? [] : [inside(file, '.initrd', initrd)],
        cmdline: (section('.cmdline') ?? '').replace(/\s+/g, ' '),
      },
      version: section('.uname'),
      release: parseRelease(section('.osrel') ?? ''),
    }
  })
  return isRefusal(unified) ? refuse(`${file.volume.name}:${file.path}: ${unified.refused}`) : unified
}

function readSections(image: Source): ReadonlyMap<string, Source> {
  const dos = structAt(image, 0, DOS_HEADER)
  if (dos.magic !== 'MZ') throw new DiskFault('no PE file')
  const header = structAt(image, dos.peAt, PE_HEADER)
  if (header.magic.toString('latin1') !== 'PE\0\0' || header.sections > MAX_SECTIONS) throw new DiskFault('no PE file')
  const table = readBytes(image, dos.peAt + PE_HEADER_BYTES + header.optionalBytes, header.sections * SECTION_BYTES)
  const sections = new Map<string, Source>()
  for (let index = 0; index < header.sections; index++) {
    const section = struct(table, index * SECTION_BYTES, SECTION)
    // Beyond the virtual size the file only has padding.
    const size = section.virtualSize === 0 ? section.rawSize : Math.min(section.rawSize, section.virtualSize)
    if (!sections.has(section.name)) sections.set(section.name, slice(image, section.rawAt, size))
  }
  return sections
}

/** A section as a file of the guest, told from others by the image's own inode. */
function inside(file: GuestFile, name: string, content: Source): GuestFile {
  return {
    volume: file.volume,
    path: `${file.path}${name}`,
    node: {
      kind: 'file',
      size: content.size,
      fingerprint: `${file.node.fingerprint}${name}`,
      open: () => content,
      entries: () => [],
      target: () => '',
    },
  }
}

/** os-release(5): NAME=value, the value quoted or not. */
function parseRelease(content: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of content.split('\n')) {
    const [, name, value = ''] = /^([A-Z_0-9]+)=(.*)$/.exec(line.trim()) ?? []
    if (name !== undefined) values.set(name, value.replace(/^(["'])(.*)\1$/, '$2').replace(/\\(.)/g, '$1'))
  }
  return values
}
