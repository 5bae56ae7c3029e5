/** Entries of the Boot Loader Specification (UAPI.1), as files: what both dialects share. */
import { type Budget, isRefusal, type Refusal } from '../disk-fault.ts'
import { listDirectory } from '../fs/path.ts'
import { type Volume } from '../volumes.ts'
import { readText } from './guest-files.ts'

export const ENTRY_FOLDERS: readonly string[] = ['/loader/entries', '/boot/loader/entries']

const MAX_FILES = 500

export interface LoaderEntry {
  /** The file's name without `.conf`: its id. */
  readonly id: string
  /** The values of a key, in the file's order. */
  values(key: string): readonly string[]
  /** The first value of a key. */
  value(key: string): string | null
}

/** All entries of a folder in no order; files that cannot be read become notes. */
export function readLoaderEntries(
  volume: Volume,
  folder: string,
  { budget, note }: { readonly budget: Budget; note(text: string): void },
): readonly LoaderEntry[] | Refusal {
  const files = listDirectory(volume.filesystem, folder, budget)
  if (isRefusal(files)) return files
  const names = files.map(({ name }) => name).filter((name) => /\.conf$/i.test(name))
  if (names.length > MAX_FILES) note(`${volume.name}:${folder}: only ${MAX_FILES} of ${names.length} entries are read`)
  return names.slice(0, MAX_FILES).flatMap((name) => {
    const text = readText(volume, `${folder}/${name}`, budget)
    if (!isRefusal(text)) return [parseLoaderEntry(name.replace(/\.conf$/i, ''), text)]
    note(text.refused)
    return []
  })
}

export function parseLoaderEntry(id: string, text: string): LoaderEntry {
  const lines = text.split(/\r?\n/).flatMap((line) => {
    const [, key, value = ''] = /^\s*([^\s#]\S*)(?:\s+(.*?))?\s*$/.exec(line) ?? []
    return key === undefined ? [] : [{ key, value }]
  })
  const values = (key: string) => lines.filter((line) => line.key === key).map(({ value }) => value)
  return { id, values, value: (key) => values(key)[0] ?? null }
}
