/** Native memory with an owner: `using config = new NativeMemory(bytes)` frees it on every way out. */
import { viewMemory } from './ffi.ts'
import type { Pointer } from './ffi.ts'
import { calloc, free } from './libc.ts'

export class NativeMemory implements Disposable {
  readonly #bytes: number
  #at: Pointer | null

  /** Zeroed memory of the C heap, so that libxl may also free or reallocate what hangs below it. */
  constructor(bytes: number) {
    this.#bytes = bytes
    this.#at = calloc(1, bytes)
    if (this.#at === null) throw new RangeError(`out of memory: ${bytes} bytes`)
  }

  /** Where it is. Throws once it is freed: a use after that is a mistake of ours. */
  get at(): Pointer {
    if (this.#at === null) throw new ReferenceError('native memory used after it was freed')
    return this.#at
  }

  /** The memory in place. Not to be kept longer than this object. */
  get view(): DataView {
    return viewMemory(this.at, this.#bytes)
  }

  [Symbol.dispose](): void {
    if (this.#at !== null) free(this.#at)
    this.#at = null
  }
}

/**
 * How many bytes from the start of the memory a native function writes: it runs twice over different fillings, and the last
 * byte that differs from a filling ends what it wrote.
 */
export function writtenBytes(memory: DataView, write: () => void): number {
  return Math.max(...FILLINGS.map((filling) => lastWritten(memory, filling, write))) + 1
}

// Their bits are each other's complement, so a byte that is written cannot equal both.
const FILLINGS = [0xa5, 0x5a]

function lastWritten(memory: DataView, filling: number, write: () => void): number {
  const bytes = new Uint8Array(memory.buffer, memory.byteOffset, memory.byteLength)
  bytes.fill(filling)
  write()
  return bytes.findLastIndex((byte) => byte !== filling)
}
