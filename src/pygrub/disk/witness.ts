/**
 * Remembers the bytes of an image that decided what boots: tables, inodes, directories, menus, but not the kernel and
 * ramdisk themselves. Whoever finds the same bytes in the same places again knows the same answer, without
 * understanding any of them (src/pygrub/answers.ts). Positions are those of the image file, whatever lies in between.
 */
import { crc32 } from 'node:zlib'
import { type Source } from './source.ts'

/** Which of the image's files (0 is the disk itself), position, length in bytes, CRC-32. A guest that forges checksums only keeps its own earlier kernel. */
export type Witness = readonly [file: number, at: number, length: number, crc: number]

/** More than these, and the answer is not worth remembering: looking again costs as much. */
export const MAX_WITNESSES = 4096
export const MAX_WITNESS_BYTES = 8 * 1024 * 1024

export class Witnesses {
  readonly #found = new Map<string, Witness>()
  #bytes = 0
  #isWhole = true

  add(file: number, at: number, bytes: Uint8Array): void {
    if (!this.#isWhole || bytes.length === 0) return
    const key = `${file}:${at}:${bytes.length}`
    const crc = crc32(bytes)
    const known = this.#found.get(key)
    if (known === undefined) {
      this.#found.set(key, [file, at, bytes.length, crc])
      this.#bytes += bytes.length
      this.#isWhole = this.#found.size <= MAX_WITNESSES && this.#bytes <= MAX_WITNESS_BYTES
    } else if (known[3] !== crc) {
      // The disk changes under us.
      this.#isWhole = false
    }
  }

  /** All of them; null where they are too many, or contradict each other. */
  get all(): readonly Witness[] | null {
    return this.#isWhole ? [...this.#found.values()] : null
  }
}

/** The same source, file number `file` of the image, with all that decides witnessed. */
export const witnessed = (source: Source, witnesses: Witnesses, file: number): Source => ({
  size: source.size,
  readInto(target, position, use) {
    source.readInto(target, position, use)
    if (use !== 'boots') witnesses.add(file, position, target)
  },
})
