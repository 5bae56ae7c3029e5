import { DiskFault } from '../disk-fault.ts'

/** Grows by this factor; the limit alone bounds memory. */
const FIRST_BYTES = 1024 * 1024

/** Decompressed bytes: grows as needed, never past its limit. Serves as the dictionary of the decoders too. */
export class Output {
  /** Bytes. */
  readonly limit: number
  length = 0
  #bytes: Buffer

  /** `expected` is a hint for the first allocation, which may come from the guest. */
  constructor(limit: number, expected = FIRST_BYTES) {
    this.limit = limit
    this.#bytes = Buffer.allocUnsafe(Math.max(1, Math.min(limit, expected)))
  }

  #reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.#bytes.length) return
    if (needed > this.limit) throw new DiskFault(`it decompresses to more than ${this.limit} bytes`)
    const larger = Buffer.allocUnsafe(Math.min(this.limit, Math.max(needed, this.#bytes.length * 2)))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }

  push(byte: number): void {
    if (this.length >= this.#bytes.length) this.#reserve(1)
    this.#bytes[this.length++] = byte
  }

  append(bytes: Buffer): void {
    this.#reserve(bytes.length)
    this.length += bytes.copy(this.#bytes, this.length)
  }

  /** The byte `distance` before the end. The caller has checked that it exists. */
  back(distance: number): number {
    return this.#bytes[this.length - distance] ?? 0
  }

  /** Repeats `count` bytes from `distance` before the end; the two may overlap. Throws DiskFault before the first byte. */
  copyBack(distance: number, count: number): void {
    if (distance > this.length) throw new DiskFault('a match before the start of the data')
    this.#reserve(count)
    const bytes = this.#bytes
    const end = this.length + count
    for (let to = this.length, from = to - distance; to < end; to++, from++) bytes[to] = bytes[from] ?? 0
    this.length = end
  }

  /** What was written so far; shares memory with the output. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }
}
