/**
 * Extracted kernels and ramdisks, kept for the next start. An entry's name is made of the disk it came from and of a
 * fingerprint of everything that decided it (fingerprint.ts), so a changed guest is never served an old kernel, and no
 * guest can reach or plant what another one boots. Bounded; the least recently used entries go first.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type KeptFacts, keptFacts } from './protocol.ts'
import type { ExtractedFacts } from './task.ts'

export interface CacheOptions {
  /** Folder of its own, made when it is missing. */
  readonly directory: string
  /** MiB that all entries together may take. */
  readonly maxMiB: number
}

export interface CachedFiles {
  readonly kernel: string
  readonly ramdisk: string | null
  readonly facts: ExtractedFacts
}

const MEBIBYTE = 1024 * 1024
/** An entry that was used so recently may be on its way into a guest. */
const IN_USE_MS = 60_000
/** Fingerprints that are handed to the sandbox. */
const MAX_KNOWN = 16
const FACTS = '.json'

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** The start of a path for something about one disk or kernel file: what comes from one `source` shares a prefix. */
export const cachePath = ({ directory }: CacheOptions, source: string, about: string): string =>
  join(directory, `${digest(source)}-${digest(about)}`)

/** The fingerprints that are kept of a disk. */
export async function knownFingerprints({ directory }: CacheOptions, source: string): Promise<string[]> {
  const prefix = `${digest(source)}-`
  const names = await readdir(directory).catch(() => [])
  const own = names.filter((name) => name.startsWith(prefix) && name.endsWith(FACTS)).slice(0, MAX_KNOWN)
  const kept = await Promise.all(own.map((name) => readKept(join(directory, name)).catch(() => null)))
  return kept.flatMap((entry) => (entry === null ? [] : [entry.fingerprint]))
}

const readKept = async (path: string): Promise<KeptFacts> => keptFacts.parse(JSON.parse(await readFile(path, 'utf8')))

/** Puts a kept entry's files into a folder, as links where that works. Null when it is not kept, or damaged. */
export async function takeCached(
  options: CacheOptions,
  entry: { readonly source: string; readonly fingerprint: string },
  to: { readonly kernel: string; readonly ramdisk: string },
): Promise<CachedFiles | null> {
  const base = cachePath(options, entry.source, entry.fingerprint)
  try {
    const { facts } = await readKept(base + FACTS)
    await linkOrCopy(`${base}.kernel`, to.kernel)
    if (facts.ramdiskBytes !== null) await linkOrCopy(`${base}.ramdisk`, to.ramdisk)
    const now = new Date()
    await utimes(base + FACTS, now, now)
    return { kernel: to.kernel, ramdisk: facts.ramdiskBytes === null ? null : to.ramdisk, facts }
  } catch {
    await Promise.all([rm(to.kernel, { force: true }), rm(to.ramdisk, { force: true })])
    return null
  }
}

/** Keeps an extraction. The facts are written last, so that an entry is whole or not there. */
export async function keepInCache(
  options: CacheOptions,
  entry: { readonly source: string; readonly fingerprint: string },
  files: CachedFiles,
): Promise<void> {
  if (options.maxMiB === 0) return
  const base = cachePath(options, entry.source, entry.fingerprint)
  await mkdir(options.directory, { recursive: true, mode: 0o700 })
  await replace(files.kernel, `${base}.kernel`)
  if (files.ramdisk !== null) await replace(files.ramdisk, `${base}.ramdisk`)
  const kept: KeptFacts = { fingerprint: entry.fingerprint, facts: files.facts }
  await writeFile(`${base}.new`, JSON.stringify(kept), { mode: 0o600 })
  await rename(`${base}.new`, base + FACTS)
  await evict(options)
}

async function replace(from: string, to: string): Promise<void> {
  await rm(to, { force: true })
  await linkOrCopy(from, to)
}

/** A link costs nothing; across filesystems it takes a copy. The files are never written again, so sharing is safe. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE))
}

interface Kept {
  readonly base: string
  bytes: number
  usedMs: number
}

/** Removes what was not used for longest until the rest fits, and leftovers of entries that were never finished. */
async function evict({ directory, maxMiB }: CacheOptions): Promise<void> {
  const kept = new Map<string, Kept>()
  for (const name of await readdir(directory)) {
    const path = join(directory, name)
    const status = await stat(path).catch(() => null)
    if (status === null) continue
    const base = path.slice(0, directory.length + path.slice(directory.length).indexOf('.'))
    const entry = kept.get(base) ?? { base, bytes: 0, usedMs: 0 }
    entry.bytes += status.size
    entry.usedMs = Math.max(entry.usedMs, status.mtimeMs)
    kept.set(base, entry)
  }
  const oldestFirst = [...kept.values()].sort((left, right) => left.usedMs - right.usedMs)
  let bytes = oldestFirst.reduce((sum, entry) => sum + entry.bytes, 0)
  for (const entry of oldestFirst) {
    if (bytes <= maxMiB * MEBIBYTE || Date.now() - entry.usedMs < IN_USE_MS) return
    await Promise.all(
      [FACTS, '.kernel', '.ramdisk', '.new', '.answer', '.answer.new'].map((end) =>
        rm(entry.base + end, { force: true }),
      ),
    )
    bytes -= entry.bytes
  }
}
