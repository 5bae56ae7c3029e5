/** bzip2, for kernel images built with it. Format: the bzip2 format specification (J. Tsai, 2016). Throws DiskFault. */
import { DiskFault } from '../disk-fault.ts'
import { type Output } from './output.ts'

const BLOCK_MAGIC = 0x314159265359
const END_MAGIC = 0x177245385090
const MAX_CODE_LENGTH = 20
const GROUP_SYMBOLS = 50
const RUN_A = 0
const RUN_B = 1

class BitReader {
  readonly #bytes: Buffer
  #at = 4
  #bits = 0
  #held = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Up to 24 bits, the highest first. */
  read(count: number): number {
    while (this.#held < count) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new DiskFault('a bzip2 stream that ends too early')
      this.#bits = ((this.#bits << 8) | byte) & 0x7fffffff
      this.#held += 8
    }
    this.#held -= count
    return (this.#bits >>> this.#held) & ((1 << count) - 1)
  }
}

interface HuffmanTable {
  /** By code length: the largest code of this length, left-aligned to its length; -1 where there is none. */
  readonly limit: readonly number[]
  readonly base: readonly number[]
  readonly symbols: readonly number[]
}

export function decodeBzip2(input: Buffer, output: Output): void {
  const level = (input[3] ?? 0) - 0x30
  if (level < 1 || level > 9) throw new DiskFault('no bzip2 stream')
  const bits = new BitReader(input)
  for (;;) {
    const magic = bits.read(24) * 2 ** 24 + bits.read(24)
    bits.read(16)
    bits.read(16)
    if (magic === END_MAGIC) return
    if (magic !== BLOCK_MAGIC) throw new DiskFault('a damaged bzip2 stream')
    if (bits.read(1) === 1) throw new DiskFault('a randomised bzip2 block, which no bzip2 since 0.9.5 writes')
    const origin = bits.read(24)
    writeBlock(readBlock(bits, level * 100_000), origin, output)
  }
}

function readBlock(bits: BitReader, maxBytes: number): Uint32Array {
  const alphabet = readAlphabet(bits)
  const tableCount = bits.read(3)
  const selectorCount = bits.read(15)
  if (tableCount < 2 || tableCount > 6 || selectorCount === 0) throw new DiskFault('a damaged bzip2 block')
  const selectors = readSelectors(bits, tableCount, selectorCount)
  const tables = Array.from({ length: tableCount }, () => readTable(bits, alphabet.length + 2))
  const end = alphabet.length + 1
  const content = new Uint32Array(maxBytes)
  let length = 0
  let run = 0
  let runUnit = 1
  const emit = (byte: number, count: number): void => {
    if (length + count > maxBytes) throw new DiskFault('a bzip2 block that is too long')
    content.fill(byte, length, length + count)
    length += count
  }
  for (let index = 0; ; index++) {
    const table = tables[selectors[Math.floor(index / GROUP_SYMBOLS)] ?? -1]
    if (table === undefined) throw new DiskFault('a damaged bzip2 block')
    const symbol = readSymbol(bits, table)
    if (symbol === RUN_A || symbol === RUN_B) {
      run += runUnit << symbol
      runUnit <<= 1
      if (run > maxBytes) throw new DiskFault('a bzip2 block that is too long')
      continue
    }
    if (run > 0) emit(alphabet[0] ?? 0, run)
    run = 0
    runUnit = 1
    if (symbol === end) return content.subarray(0, length)
    const [byte = 0] = alphabet.splice(symbol - 1, 1)
    alphabet.unshift(byte)
    emit(byte, 1)
  }
}

/** The bytes that occur, from a two-level bitmap. */
function readAlphabet(bits: BitReader): number[] {
  const groups = bits.read(16)
  const alphabet: number[] = []
  for (let group = 0; group < 16; group++) {
    if ((groups & (0x8000 >> group)) === 0) continue
    const members = bits.read(16)
    for (let index = 0; index < 16; index++) if ((members & (0x8000 >> index)) !== 0) alphabet.push(group * 16 + index)
  }
  if (alphabet.length === 0) throw new DiskFault('a bzip2 block without symbols')
  return alphabet
}

/** Which table codes each group of fifty symbols; stored by move-to-front. */
function readSelectors(bits: BitReader, tableCount: number, count: number): Uint8Array {
  const order = Array.from({ length: tableCount }, (_, index) => index)
  const selectors = new Uint8Array(count)
  for (let index = 0; index < count; index++) {
    let rank = 0
    while (bits.read(1) === 1) if (++rank >= tableCount) throw new DiskFault('a damaged bzip2 block')
    const [table = 0] = order.splice(rank, 1)
    order.unshift(table)
    selectors[index] = table
  }
  return selectors
}

function readTable(bits: BitReader, symbolCount: number): HuffmanTable {
  const lengths: number[] = []
  let length = bits.read(5)
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    while (bits.read(1) === 1) length += bits.read(1) === 0 ? 1 : -1
    if (length < 1 || length > MAX_CODE_LENGTH) throw new DiskFault('a bzip2 code of impossible length')
    lengths.push(length)
  }
  const limit: number[] = [-1]
  const base: number[] = [0]
  const symbols: number[] = []
  let code = 0
  for (let bitCount = 1; bitCount <= MAX_CODE_LENGTH; bitCount++) {
    base.push(symbols.length - code)
    lengths.forEach((each, symbol) => {
      if (each === bitCount) symbols.push(symbol)
    })
    code = symbols.length - (base[bitCount] ?? 0)
    limit.push(code - 1)
    code <<= 1
  }
  return { limit, base, symbols }
}

function readSymbol(bits: BitReader, table: HuffmanTable): number {
  let code = 0
  for (let length = 1; length <= MAX_CODE_LENGTH; length++) {
    code = (code << 1) | bits.read(1)
    if (code <= (table.limit[length] ?? -1)) {
      const symbol = table.symbols[code + (table.base[length] ?? 0)]
      if (symbol !== undefined) return symbol
    }
  }
  throw new DiskFault('a bzip2 code that no table has')
}

/** Undoes the Burrows-Wheeler transform, then the run lengths of the first stage. */
function writeBlock(content: Uint32Array, origin: number, output: Output): void {
  const starts = new Uint32Array(257)
  for (const byte of content) starts[byte + 1] = (starts[byte + 1] ?? 0) + 1
  for (let byte = 0; byte < 256; byte++) starts[byte + 1] = (starts[byte + 1] ?? 0) + (starts[byte] ?? 0)
  content.forEach((value, index) => {
    const byte = value & 0xff
    const place = starts[byte] ?? 0
    starts[byte] = place + 1
    content[place] = (content[place] ?? 0) | (index << 8)
  })
  if (origin >= content.length) throw new DiskFault('a damaged bzip2 block')
  let position = (content[origin] ?? 0) >>> 8
  let repeats = 0
  let previous = -1
  for (let left = content.length; left > 0; left--) {
    const entry = content[position] ?? 0
    const byte = entry & 0xff
    position = entry >>> 8
    if (repeats === 4) {
      for (let count = byte; count > 0; count--) output.push(previous)
      repeats = 0
      previous = -1
      continue
    }
    repeats = byte === previous ? repeats + 1 : 1
    previous = byte
    output.push(byte)
  }
}
