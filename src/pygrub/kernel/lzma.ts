/**
 * LZMA, LZMA2 and the .xz and .lzma containers, written here because the kept packages lack the x86 filter that Linux
 * uses for its own image, or an output limit. Output never exceeds the caller's limit; malformed input throws DiskFault.
 * Sources: LZMA specification (LZMA SDK, lzma-specification.txt), The .xz File Format 1.2.1 (tukaani.org).
 */
import { DiskFault } from '../disk-fault.ts'
import { type Output } from './output.ts'

const TOP = 1 << 24
const HALF = 1024
const STATES = 12
const POSITION_STATES = 16
const MATCH_MIN = 2
const END_OF_STREAM = 0xffffffff

/** Reads bits that are coded with adaptive probabilities. `registers` holds range and code: typed, so that they stay unboxed. */
class RangeDecoder {
  readonly #registers = new Uint32Array(2)
  readonly #input: Buffer
  readonly #end: number
  #position: number

  /** Starts at the five bytes that initialise the coder. */
  constructor(input: Buffer, start: number, end: number) {
    this.#input = input
    this.#position = start + 5
    this.#end = end
    if (start + 5 > end || input[start] !== 0) throw new DiskFault('a damaged LZMA stream')
    this.#registers[0] = 0xffffffff
    this.#registers[1] = input.readUInt32BE(start + 1)
  }

  get position(): number {
    return this.#position
  }

  #normalize(): void {
    const registers = this.#registers
    if ((registers[0] ?? 0) < TOP) {
      if (this.#position >= this.#end) throw new DiskFault('an LZMA stream that ends too early')
      registers[0] = (registers[0] ?? 0) << 8
      registers[1] = ((registers[1] ?? 0) << 8) | (this.#input[this.#position++] ?? 0)
    }
  }

  bit(probabilities: Uint16Array, index: number): 0 | 1 {
    this.#normalize()
    const registers = this.#registers
    const probability = probabilities[index] ?? HALF
    const range = registers[0] ?? 0
    const code = registers[1] ?? 0
    const bound = (range >>> 11) * probability
    if (code < bound) {
      registers[0] = bound
      probabilities[index] = probability + ((2048 - probability) >> 5)
      return 0
    }
    registers[0] = range - bound
    registers[1] = code - bound
    probabilities[index] = probability - (probability >> 5)
    return 1
  }

  direct(count: number): number {
    let value = 0
    for (let index = 0; index < count; index++) {
      this.#normalize()
      const registers = this.#registers
      const half = (registers[0] ?? 0) >>> 1
      registers[0] = half
      const code = registers[1] ?? 0
      const one = code >= half
      if (one) registers[1] = code - half
      value = (value * 2 + (one ? 1 : 0)) >>> 0
    }
    return value
  }

  /** A number of `bits` bits, the highest first. */
  tree(probabilities: Uint16Array, offset: number, bits: number): number {
    let node = 1
    for (let index = 0; index < bits; index++) node = (node << 1) | this.bit(probabilities, offset + node)
    return node - (1 << bits)
  }

  /** A number of `bits` bits, the lowest first. */
  reverseTree(probabilities: Uint16Array, offset: number, bits: number): number {
    let node = 1
    let value = 0
    for (let index = 0; index < bits; index++) {
      const bit = this.bit(probabilities, offset + node)
      node = (node << 1) | bit
      value |= bit << index
    }
    return value
  }
}

const fresh = (length: number): Uint16Array => new Uint16Array(length).fill(HALF)

/** Probabilities of match lengths. */
class LengthModel {
  readonly choice = fresh(2)
  readonly low = fresh(POSITION_STATES << 3)
  readonly middle = fresh(POSITION_STATES << 3)
  readonly high = fresh(256)

  decode(coder: RangeDecoder, positionState: number): number {
    if (coder.bit(this.choice, 0) === 0) return coder.tree(this.low, positionState << 3, 3)
    if (coder.bit(this.choice, 1) === 0) return 8 + coder.tree(this.middle, positionState << 3, 3)
    return 16 + coder.tree(this.high, 0, 8)
  }
}

/** The decoder's memory between chunks: properties, probabilities, the last distances. */
class Model {
  readonly literals: Uint16Array
  readonly isMatch = fresh(STATES << 4)
  readonly isRepeat = fresh(STATES)
  readonly isRepeat0 = fresh(STATES)
  readonly isRepeat1 = fresh(STATES)
  readonly isRepeat2 = fresh(STATES)
  readonly isRepeat0Long = fresh(STATES << 4)
  readonly slots = fresh(4 << 6)
  readonly positions = fresh(128)
  readonly align = fresh(16)
  readonly matchLength = new LengthModel()
  readonly repeatLength = new LengthModel()
  readonly literalContext: number
  readonly literalMask: number
  readonly positionMask: number
  state = 0
  distances: [number, number, number, number] = [0, 0, 0, 0]

  constructor(properties: number) {
    if (properties >= 9 * 5 * 5) throw new DiskFault('impossible LZMA properties')
    this.literalContext = properties % 9
    this.literalMask = (1 << (Math.floor(properties / 9) % 5)) - 1
    this.positionMask = (1 << Math.floor(properties / 45)) - 1
    const literalBits = this.literalContext + (Math.floor(properties / 9) % 5)
    if (literalBits > 8) throw new DiskFault('impossible LZMA properties')
    this.literals = fresh(0x300 << literalBits)
  }
}

function decodeLiteral(coder: RangeDecoder, model: Model, output: Output, base: number): void {
  const position = output.length - base
  const previous = position > 0 ? output.back(1) : 0
  const context = ((position & model.literalMask) << model.literalContext) + (previous >> (8 - model.literalContext))
  const offset = 0x300 * context
  let symbol = 1
  if (model.state >= 7) {
    let match = output.back(model.distances[0] + 1)
    while (symbol < 0x100) {
      const matchBit = (match >> 7) & 1
      match <<= 1
      const bit = coder.bit(model.literals, offset + ((1 + matchBit) << 8) + symbol)
      symbol = (symbol << 1) | bit
      if (matchBit !== bit) break
    }
  }
  while (symbol < 0x100) symbol = (symbol << 1) | coder.bit(model.literals, offset + symbol)
  output.push(symbol & 0xff)
  model.state = model.state < 4 ? 0 : model.state < 10 ? model.state - 3 : model.state - 6
}

function decodeDistance(coder: RangeDecoder, model: Model, length: number): number {
  const slot = coder.tree(model.slots, Math.min(length, 3) << 6, 6)
  if (slot < 4) return slot
  const directBits = (slot >> 1) - 1
  const distance = ((2 | (slot & 1)) << directBits) >>> 0
  if (slot < 14) return distance + coder.reverseTree(model.positions, distance - slot, directBits)
  return (distance + coder.direct(directBits - 4) * 16 + coder.reverseTree(model.align, 0, 4)) >>> 0
}

/** Picks one of the last four distances. Returns true for the short form, which repeats a single byte. */
function decodeRepeat(coder: RangeDecoder, model: Model, positionState: number): boolean {
  const [first, second, third, fourth] = model.distances
  if (coder.bit(model.isRepeat0, model.state) === 0) {
    return coder.bit(model.isRepeat0Long, (model.state << 4) + positionState) === 0
  }
  if (coder.bit(model.isRepeat1, model.state) === 0) model.distances = [second, first, third, fourth]
  else if (coder.bit(model.isRepeat2, model.state) === 0) model.distances = [third, first, second, fourth]
  else model.distances = [fourth, first, second, third]
  return false
}

/**
 * Decodes until `limit` bytes of output are there or the end marker comes; returns the input position reached.
 * `base` is where this stream's dictionary starts in the output.
 */
function decodeLzma(coder: RangeDecoder, model: Model, output: Output, base: number, limit: number): void {
  while (output.length < limit) {
    const positionState = (output.length - base) & model.positionMask
    if (coder.bit(model.isMatch, (model.state << 4) + positionState) === 0) {
      decodeLiteral(coder, model, output, base)
      continue
    }
    let length: number
    if (coder.bit(model.isRepeat, model.state) === 0) {
      length = model.matchLength.decode(coder, positionState)
      model.state = model.state < 7 ? 7 : 10
      const [first, second, third] = model.distances
      model.distances = [decodeDistance(coder, model, length), first, second, third]
      if (model.distances[0] === END_OF_STREAM) return
    } else if (decodeRepeat(coder, model, positionState)) {
      model.state = model.state < 7 ? 9 : 11
      length = 1 - MATCH_MIN
    } else {
      length = model.repeatLength.decode(coder, positionState)
      model.state = model.state < 7 ? 8 : 11
    }
    const distance = model.distances[0] + 1
    if (distance > output.length - base) throw new DiskFault('an LZMA match before the start of the data')
    output.copyBack(distance, Math.min(length + MATCH_MIN, limit - output.length))
  }
}

/** Decodes a .lzma ("LZMA alone") stream: properties, dictionary size, length or -1, data. */
export function decodeLzmaAlone(input: Buffer, output: Output): void {
  if (input.length < 18) throw new DiskFault('an LZMA stream that ends too early')
  const declared = input.readBigUInt64LE(5)
  const limit = declared === 0xffff_ffff_ffff_ffffn ? output.limit + 1 : Number(declared)
  decodeLzma(new RangeDecoder(input, 13, input.length), new Model(input.readUInt8(0)), output, 0, limit)
}

/** Decodes the LZMA2 chunks from `start`; returns the position after their end marker. */
export function decodeLzma2(input: Buffer, start: number, output: Output): number {
  let model: Model | null = null
  let properties = 0
  let base = output.length
  for (let at = start; ;) {
    const control = at < input.length ? input.readUInt8(at) : -1
    if (control === 0) return at + 1
    if (control < 0 || at + 6 > input.length) throw new DiskFault('an LZMA2 stream that ends too early')
    if (control >= 0xe0 || control === 1) base = output.length
    if (control < 0x80) {
      if (control > 2) throw new DiskFault('a damaged LZMA2 stream')
      const size = input.readUInt16BE(at + 1) + 1
      if (at + 3 + size > input.length) throw new DiskFault('an LZMA2 stream that ends too early')
      output.append(input.subarray(at + 3, at + 3 + size))
      at += 3 + size
      continue
    }
    const unpacked = ((control & 0x1f) << 16) + input.readUInt16BE(at + 1) + 1
    const packed = input.readUInt16BE(at + 3) + 1
    const hasProperties = control >= 0xc0
    if (hasProperties) properties = input.readUInt8(at + 5)
    if (hasProperties || control >= 0xa0) model = new Model(properties)
    if (model === null) throw new DiskFault('a damaged LZMA2 stream')
    const data = at + (hasProperties ? 6 : 5)
    if (data + packed > input.length) throw new DiskFault('an LZMA2 stream that ends too early')
    const limit = output.length + unpacked
    decodeLzma(new RangeDecoder(input, data, data + packed), model, output, base, limit)
    if (output.length !== limit) throw new DiskFault('a damaged LZMA2 stream')
    at = data + packed
  }
}
