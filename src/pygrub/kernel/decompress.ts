import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { attempt, DiskFault, isRefusal, type Refusal, refuse } from '../disk-fault.ts'
import { type KernelFacts } from '../types.ts'
import { decodeBzip2 } from './bzip2.ts'
import { decodeLz4Legacy } from './lz4.ts'
import { decodeLzmaAlone } from './lzma.ts'
import { decodeLzop } from './lzop.ts'
import { Output } from './output.ts'
import { decodeXz } from './xz.ts'

export type Compression = KernelFacts['compression']

interface Codec {
  readonly name: Compression
  /** The first bytes of such data, hexadecimal. */
  readonly magic: string
  decode(input: Buffer, limits: DecompressLimits): Buffer
}

export interface DecompressLimits {
  /** Bytes of output; more is refused. */
  readonly maxBytes: number
  /** What the container says of the output's length; only a hint. */
  readonly expectedBytes: number
}

/** The ones of node:zlib stop at the limit by themselves. */
const viaZlib = (decode: (input: Buffer, options: { maxOutputLength: number }) => Buffer): Codec['decode'] => {
  return (input, { maxBytes }) => {
    try {
      return decode(input, { maxOutputLength: maxBytes })
    } catch (thrown) {
      throw new DiskFault(`it cannot be decompressed: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
  }
}

const viaOutput = (decode: (input: Buffer, output: Output) => void): Codec['decode'] => {
  return (input, { maxBytes, expectedBytes }) => {
    const output = new Output(maxBytes, expectedBytes)
    decode(input, output)
    return output.written
  }
}

/** In Linux' order (lib/decompress.c), with its magic numbers. */
const CODECS: readonly Codec[] = [
  { name: 'gzip', magic: '1f8b', decode: viaZlib(gunzipSync) },
  { name: 'bzip2', magic: '425a68', decode: viaOutput(decodeBzip2) },
  { name: 'lzma', magic: '5d0000', decode: viaOutput(decodeLzmaAlone) },
  { name: 'xz', magic: 'fd377a585a00', decode: viaOutput(decodeXz) },
  { name: 'lzo', magic: '894c5a4f', decode: viaOutput(decodeLzop) },
  { name: 'lz4', magic: '02214c18', decode: viaOutput(decodeLz4Legacy) },
  { name: 'zstd', magic: '28b52ffd', decode: viaZlib(zstdDecompressSync) },
]

const codecOf = (input: Buffer): Codec | undefined =>
  CODECS.find(({ magic }) => input.toString('hex', 0, magic.length / 2) === magic)

export const compressionOf = (input: Buffer): Compression | null => codecOf(input)?.name ?? null

/** Decompresses a kernel's payload, told by its first bytes, within limits. */
export function decompress(input: Buffer, limits: DecompressLimits): Buffer | Refusal {
  const codec = codecOf(input)
  if (codec === undefined) return refuse('its payload is compressed in a way that is not known')
  const bytes = attempt(() => codec.decode(input, limits))
  return isRefusal(bytes) ? refuse(`its ${codec.name} payload is damaged: ${bytes.refused}`) : bytes
}
