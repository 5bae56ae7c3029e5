import { DiskFault } from '../disk-fault.ts'
import { part } from '../disk/reader.ts'
import { type Output } from './output.ts'

/** A block under way: its bytes, where we are in it, and what it may write. */
class LzoBlock {
  readonly #block: Buffer
  readonly #output: Output
  readonly #start: number
  readonly #end: number
  #at = 0

  constructor(block: Buffer, output: Output, maxBytes: number) {
    this.#block = block
    this.#output = output
    this.#start = output.length
    this.#end = output.length + maxBytes
  }

  byte(): number {
    const value = this.#block[this.#at++]
    if (value === undefined) throw new DiskFault('an LZO block that ends too early')
    return value
  }

  literals(count: number): void {
    if (this.#output.length + count > this.#end) throw new DiskFault('an LZO block that is longer than it says')
    this.#output.append(part(this.#block, this.#at, count))
    this.#at += count
  }

  /** A length of which `bits` bits are in the instruction; zero there means that more bytes follow. */
  extended(short: number, bits: number): number {
    if (short !== 0) return short
    for (let total = (1 << bits) - 1; ; total += 255) {
      const more = this.byte()
      if (more !== 0) return total + more
    }
  }

  match(distance: number, length: number): void {
    const { length: reached } = this.#output
    if (distance > reached - this.#start || reached + length > this.#end) throw new DiskFault('a damaged LZO block')
    this.#output.copyBack(distance, length)
  }
}

/** Copies a match that an instruction of 16 or more describes. Returns the literals that follow it; null at the end marker. */
function copyMatch(block: LzoBlock, code: number): number | null {
  if (code >= 64) {
    block.match(1 + ((code >> 2) & 7) + (block.byte() << 3), (code >> 5) + 1)
    return code & 3
  }
  const isNear = code >= 32
  const length = block.extended(code & (isNear ? 31 : 7), isNear ? 5 : 3) + 2
  const low = block.byte()
  const distance = (low | (block.byte() << 8)) >> 2
  if (isNear) block.match(distance + 1, length)
  else if (distance === 0 && (code & 8) === 0) return null
  else block.match(16384 + ((code & 8) << 11) + distance, length)
  return low & 3
}

/**
 * Decodes one LZO1X block of at most `maxBytes` (Linux Documentation/staging/lzo.rst). Throws DiskFault.
 * `carried` counts the literals that the last instruction brought along (0 to 3, or 4 for a longer run):
 * it decides what an instruction below 16 means.
 */
export function decodeLzo1x(bytes: Buffer, output: Output, maxBytes: number): void {
  const block = new LzoBlock(bytes, output, maxBytes)
  let carried = 0
  if ((bytes[0] ?? 0) > 17) {
    const count = block.byte() - 17
    block.literals(count)
    carried = Math.min(count, 4)
  }
  for (;;) {
    const code = block.byte()
    if (code < 16 && carried === 0) {
      block.literals(block.extended(code, 4) + 3)
      carried = 4
      continue
    }
    let follow: number | null = code & 3
    if (code >= 16) follow = copyMatch(block, code)
    else if (carried === 4) block.match(2049 + (code >> 2) + (block.byte() << 2), 3)
    else block.match(1 + (code >> 2) + (block.byte() << 2), 2)
    if (follow === null) return
    block.literals(follow)
    carried = follow
  }
}
