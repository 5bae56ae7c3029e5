/**
 * Reads a Linux kernel as guests keep it (bzImage, plain ELF, either of them inside a PE file) and unpacks it into the
 * raw ELF file that Xen's domain builder takes. Nothing of it is run; every length is checked; output is capped.
 */
import { attempt, type Budget, isRefusal, type Refusal, refuse } from '../disk-fault.ts'
import { cString, struct, u16le, u32le, u8 } from '../disk/reader.ts'
import { bufferSource, readBytes, slice, type Source } from '../disk/source.ts'
import { type KernelFacts } from '../types.ts'
import { BannerSearch } from './banner.ts'
import { compressionOf, decompress } from './decompress.ts'
import { ELF_MAGIC, readElf } from './elf.ts'

/** Linux Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". */
const SETUP = {
  setupSectors: u8(0x1f1),
  bootFlag: u16le(0x1fe),
  magic: u32le(0x202),
  protocol: u16le(0x206),
  versionAt: u16le(0x20e),
  payloadOffset: u32le(0x248),
  payloadLength: u32le(0x24c),
}
const SETUP_BYTES = 0x268
const SETUP_MAGIC = 0x53726448
const FIRST_PROTOCOL_WITH_PAYLOAD = 0x208
const VERSION_BYTES = 256

export interface Kernel {
  readonly facts: KernelFacts
  /** The raw ELF file. */
  readonly elf: Source
}

const SEARCH_BYTES = 1024 * 1024

/** The kernel's facts with the version of its banner, where its header has none. Reads the whole kernel. */
export function fullFacts({ facts, elf }: Kernel): KernelFacts {
  if (facts.version !== null) return facts
  const banner = new BannerSearch()
  const piece = Buffer.allocUnsafe(Math.min(SEARCH_BYTES, elf.size))
  for (let at = 0; at < elf.size && banner.version === null; at += piece.length) {
    const bytes = piece.subarray(0, Math.min(piece.length, elf.size - at))
    elf.readInto(bytes, at, 'boots')
    banner.look(bytes)
  }
  return { ...facts, version: banner.version }
}

export interface KernelLimits {
  /** Bytes of a kernel file as it lies on the disk. */
  readonly maxFileBytes: number
  /** Bytes of the unpacked kernel. */
  readonly maxBytes: number
}

/** What the first bytes of a kernel tell without unpacking it. */
export interface KernelHeader {
  readonly container: KernelFacts['container']
  /** `uname -r` and the build, from the setup header; null for an ELF file. */
  readonly version: string | null
  /** Where the payload lies; null for an ELF file. */
  readonly payload: { readonly offset: number; readonly length: number } | null
}

/** Tells a kernel by its first bytes: cheap, no unpacking. */
function readKernelHeader(file: Source): KernelHeader | Refusal {
  return attempt(() => {
    const start = readBytes(file, 0, Math.min(SETUP_BYTES, file.size))
    if (start.toString('hex', 0, 4) === ELF_MAGIC) return { container: 'elf', version: null, payload: null }
    if (start.length < SETUP_BYTES) return refuse('is no kernel: it is too short')
    const setup = struct(start, 0, SETUP)
    if (setup.bootFlag !== 0xaa55 || setup.magic !== SETUP_MAGIC) return refuse('is neither a bzImage nor an ELF file')
    if (setup.protocol < FIRST_PROTOCOL_WITH_PAYLOAD) return refuse('is a bzImage older than Linux 2.6.24')
    const realMode = ((setup.setupSectors === 0 ? 4 : setup.setupSectors) + 1) * 512
    const versionAt = setup.versionAt + 0x200
    const hasVersion = setup.versionAt !== 0 && versionAt < realMode && versionAt < file.size
    const version = hasVersion ? readBytes(file, versionAt, Math.min(VERSION_BYTES, file.size - versionAt)) : null
    return {
      container: 'bzImage',
      version: version === null ? null : (/^[\x20-\x7e]*/.exec(cString(version))?.[0] ?? null),
      payload: { offset: realMode + setup.payloadOffset, length: setup.payloadLength },
    }
  })
}

/** Unpacks a kernel and reads its notes, or tells why it cannot be booted by Xen. */
export function readKernel(file: Source, limits: KernelLimits, budget: Budget): Kernel | Refusal {
  if (file.size > limits.maxFileBytes) return refuse(`is larger than a kernel may be (${limits.maxFileBytes} bytes)`)
  const header = readKernelHeader(file)
  if (isRefusal(header)) return header
  const unpacked = attempt(() => unpack(file, header, limits))
  if (isRefusal(unpacked)) return unpacked
  const facts = readElf(unpacked.elf, budget)
  if (isRefusal(facts)) return refuse(`its payload is ${facts.refused}`)
  return {
    elf: unpacked.elf,
    facts: {
      ...facts,
      container: header.container,
      compression: unpacked.compression,
      version: header.version,
    },
  }
}

function unpack(
  file: Source,
  header: KernelHeader,
  limits: KernelLimits,
): { elf: Source; compression: KernelFacts['compression'] } | Refusal {
  if (header.payload === null) return { elf: file, compression: 'none' }
  const { offset, length } = header.payload
  const payload = readBytes(slice(file, offset, length), 0, length, 'boots')
  if (payload.toString('hex', 0, 4) === ELF_MAGIC) return { elf: bufferSource(payload), compression: 'none' }
  const compression = compressionOf(payload)
  if (compression === null || length < 8) return refuse('its payload is compressed in a way that is not known')
  // The build appends the unpacked length to every format but gzip, whose own trailer says the same (scripts/Makefile.lib).
  const expectedBytes = payload.readUInt32LE(length - 4)
  const packed = compression === 'gzip' ? payload : payload.subarray(0, -4)
  const elf = decompress(packed, { maxBytes: limits.maxBytes, expectedBytes })
  return isRefusal(elf) ? elf : { elf: bufferSource(elf), compression }
}
