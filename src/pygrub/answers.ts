/**
 * What the sandbox said of a disk, with the places of the bytes that decided it. A disk whose bytes in those places are
 * the same gives the same answer: that is told here by reading and summing them up, without understanding any, so no
 * sandbox is needed. Works for block devices as for files, since no time of the image is asked.
 *
 * Not seen is what a guest changes without its filesystem's knowledge: a kernel overwritten in place through the block
 * device, below its filesystem. Then the kernel as it was extracted boots. A filesystem that was not unmounted cleanly is
 * looked at anew each time, since the newest of it may be in its journal.
 */
import { type FileHandle, readFile, rename, utimes, writeFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { type CacheOptions, cachePath } from './cache.ts'
import type { Witness } from './disk/witness.ts'
import { rememberedAnswer } from './protocol.ts'
import type { Answer, RememberedAnswer } from './task.ts'

/** A boot as it was asked for: where the disk is, how large, and every word that chooses an entry. */
export interface Question {
  readonly source: string
  readonly words: readonly (string | number | null)[]
}

const pathOf = (cache: CacheOptions, { source, words }: Question): string =>
  `${cachePath(cache, source, JSON.stringify(words))}.answer`

/** What was answered before, if the image's files still say the same. */
export async function recall(
  cache: CacheOptions,
  question: Question,
  files: readonly FileHandle[],
): Promise<Answer | null> {
  const path = pathOf(cache, question)
  try {
    const { witnesses, ...answer } = rememberedAnswer.parse(JSON.parse(await readFile(path, 'utf8')))
    if (!(await allHold(files, witnesses))) return null
    const now = new Date()
    await utimes(path, now, now)
    return answer
  } catch {
    return null
  }
}

/** Keeps an answer for the next time. */
export async function remember(cache: CacheOptions, question: Question, answer: RememberedAnswer): Promise<void> {
  const path = pathOf(cache, question)
  const { entry, guestPaths, cmdline, fingerprint, notes, witnesses } = answer
  const text = JSON.stringify({ entry, guestPaths, cmdline, fingerprint, notes, witnesses } satisfies RememberedAnswer)
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/** Neighbours that are read at once. */
const GAP_BYTES = 64 * 1024
const SPAN_BYTES = 1024 * 1024

async function allHold(files: readonly FileHandle[], witnesses: readonly Witness[]): Promise<boolean> {
  for (const number of new Set(witnesses.map(([file]) => file))) {
    const file = files[number]
    const own = witnesses.filter(([each]) => each === number)
    if (file === undefined || !(await holdIn(file, own))) return false
  }
  return true
}

async function holdIn(disk: FileHandle, witnesses: readonly Witness[]): Promise<boolean> {
  const sorted = [...witnesses].sort(([, left], [, right]) => left - right)
  const buffer = Buffer.allocUnsafe(SPAN_BYTES)
  for (let from = 0; from < sorted.length;) {
    const start = sorted[from]?.[1] ?? 0
    let to = from
    let end = start
    for (let next = sorted[to]; next !== undefined; next = sorted[++to]) {
      const [, at, length] = next
      if (to > from && (at > end + GAP_BYTES || at + length - start > SPAN_BYTES)) break
      end = Math.max(end, at + length)
    }
    const bytes = end - start <= SPAN_BYTES ? buffer : Buffer.allocUnsafe(end - start)
    const { bytesRead } = await disk.read(bytes, 0, end - start, start)
    if (bytesRead < end - start) return false
    const holds = ([, at, length, crc]: Witness) => crc32(bytes.subarray(at - start, at - start + length)) === crc
    if (!sorted.slice(from, to).every(holds)) return false
    from = to
  }
  return true
}
