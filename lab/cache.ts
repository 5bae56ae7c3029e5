/**
 * Things in the cache that take long to make. What lies there under its final name is whole: it was built under
 * another name, flushed, and renamed. What a killed build left is removed by the next one.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync, statSync, utimesSync } from 'node:fs'
import { join, relative } from 'node:path'
import { cacheDirectory, cacheRoot } from './place.ts'
import { inNamespace, output, say } from './run.ts'

/** Free space that a whole build needs: packages, disk, snapshot, and the first lab's overlay. */
const neededMiB = 3072

const unfinished = '.building-'

/** How long what nobody used stays: other checkouts, with other recipes, may use it again. Milliseconds. */
const keptMs = 24 * 3_600_000

/** Hash of a recipe: texts and JSON values as they are; paths with the names and contents of all files below. */
export function recipeKey(parts: readonly unknown[], paths: readonly string[] = []): string {
  const hash = createHash('sha256').update(JSON.stringify(parts))
  for (const path of paths) {
    for (const file of filesBelow(path)) {
      const mode = statSync(file).mode.toString(8)
      hash.update(`\0${relative(path, file)}\0${mode}\0`).update(readFileSync(file))
    }
  }
  return hash.digest('hex').slice(0, 16)
}

function filesBelow(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)))
}

/**
 * The path CACHE/`folder`/`name`, built by `build` when it is not there. `build` gets the path to write to, a
 * file or directory that does not exist yet. The caller holds the build lock.
 */
export async function cached(folder: string, name: string, build: (path: string) => Promise<void>): Promise<string> {
  const directory = cacheDirectory(folder)
  const path = join(directory, name)
  if (existsSync(path)) {
    const now = new Date()
    utimesSync(path, now, now)
    return path
  }
  await removeUnfinished(directory)
  // Its own name for each process: what a killed one started may still be writing to the old name.
  const temporary = join(directory, `${unfinished}${String(process.pid)}-${name}`)
  await build(temporary)
  await output(['sync', '-f', directory])
  renameSync(temporary, path)
  return path
}

async function removeUnfinished(directory: string): Promise<void> {
  const left = readdirSync(directory).filter((name) => name.startsWith(unfinished))
  // Another user's files when it was made in a user namespace
  if (left.length > 0) await output(inNamespace(['rm', '-rf', ...left.map((name) => join(directory, name))]))
}

/** Removes from CACHE/`folder` what was not used for a day, but not `keep`, and only names that `concerns` accepts (default: all). */
export function removeUnused(
  folder: string,
  keep: ReadonlySet<string>,
  concerns: (name: string) => boolean = Boolean,
): void {
  const directory = cacheDirectory(folder)
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    if (keep.has(name) || !concerns(name) || statSync(path).mtimeMs > Date.now() - keptMs) continue
    say(`removing ${path}, made from a recipe no longer used`)
    rmSync(path, { recursive: true, force: true })
  }
}

/** Throws unless the file system of the cache has room for a build. */
export function checkFreeDisk(): void {
  const { bavail, bsize } = statfsSync(cacheDirectory())
  const freeMiB = Math.floor((bavail * bsize) / 2 ** 20)
  if (freeMiB >= neededMiB) return
  throw new Error(
    `${cacheRoot}: ${String(freeMiB)} MiB are free and a lab needs ${String(neededMiB)} MiB; ` +
      'free some, run "lab/lab clean", or set TETRARCH_LAB_CACHE to a directory on a larger disk',
  )
}
