import { DiskFault } from '../disk-fault.ts'
import { part } from '../disk/reader.ts'
import { type Output } from './output.ts'

/** The legacy frame that Linux images use: a magic number, then blocks of at most 8 MiB with their compressed length (lz4_Frame_format.md). */
export function decodeLz4Legacy(input: Buffer, output: Output): void {
  for (let at = 4; at + 4 <= input.length;) {
    const length = input.readUInt32LE(at)
    // The kernel's build appends the uncompressed length, which is no block (scripts/Makefile.lib, size_append).
    if (length === 0 || at + 4 + length > input.length) return
    decodeLz4Block(part(input, at + 4, length), output)
    at += 4 + length
  }
}

/** Decodes one block (lz4_Block_format.md). Throws DiskFault. */
function decodeLz4Block(block: Buffer, output: Output): void {
  let at = 0
  const byte = (): number => {
    const value = block[at++]
    if (value === undefined) throw new DiskFault('an LZ4 block that ends too early')
    return value
  }
  const extended = (short: number): number => {
    if (short < 15) return short
    let total = short
    for (;;) {
      const more = byte()
      total += more
      if (more !== 255) return total
    }
  }
  while (at < block.length) {
    const token = byte()
    const literals = extended(token >> 4)
    output.append(part(block, at, literals))
    at += literals
    if (at >= block.length) return
    const distance = byte() | (byte() << 8)
    if (distance === 0) throw new DiskFault('an LZ4 match of distance 0')
    output.copyBack(distance, extended(token & 15) + 4)
  }
}
