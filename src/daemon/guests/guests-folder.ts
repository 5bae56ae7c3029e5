/**
 * The guests folder: one NAME.cfg a guest, in its user's own text. A file is written whole or not at all, and only if
 * it still is what its writer saw.
 */
import { createHash, randomUUID } from 'node:crypto'
import { type FSWatcher, readdirSync, realpathSync, watch } from 'node:fs'
import { mkdir, open, readFile, readdir, realpath, rename, rm, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fail } from '../../words/errors.ts'
import { isGuestName } from '../../words/ids.ts'

/** Definitions hold passwords of consoles. */
const NEW_FILE_MODE = 0o640
/** What is kept beside a file is for nobody who may not read that. */
const KEPT_FILE_MODE = 0o600

export interface DefinitionFile {
  readonly name: string
  readonly file: string
  readonly text: string
}

export class GuestsFolder {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  file(name: string): string {
    return join(this.#folder, `${name}.cfg`)
  }

  /** All that are there, in the order of their names; what cannot be read comes as an error. */
  async readAll(): Promise<readonly (DefinitionFile | { readonly name: string; readonly error: Error })[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o750 })
    // A name that no guest can have is read as well, so that somebody hears of it.
    const files = (await readdir(this.#folder)).filter((entry) => entry.endsWith('.cfg') && !entry.startsWith('.'))
    return await Promise.all(
      files.sort().map(async (entry) => {
        const file = join(this.#folder, entry)
        const name = basename(entry, '.cfg')
        try {
          return { name, file, text: await readFile(file, 'utf8') }
        } catch (thrown) {
          return { name, error: fail('file-missing', { what: 'it cannot be read', where: file, why: String(thrown) }) }
        }
      }),
    )
  }

  /** Null when there is none of this name. */
  async read(name: string): Promise<DefinitionFile | null> {
    if (!isGuestName(name)) return null
    const file = this.file(name)
    try {
      return { name, file, text: await readFile(file, 'utf8') }
    } catch (thrown) {
      if (isMissing(thrown)) return null
      throw fail('file-missing', { what: 'the definition cannot be read', where: file, why: String(thrown) })
    }
  }

  /** A crash leaves the old text or the new one. A file that is a link stays one, and keeps its owner and permissions. */
  async write(name: string, text: string): Promise<void> {
    const link = this.file(name)
    const file = await realpath(link).catch(() => link)
    const old = await stat(file).catch(() => null)
    const draft = join(dirname(file), `.${basename(file)}.${randomUUID()}`)
    try {
      await using handle = await open(draft, 'wx', NEW_FILE_MODE)
      if (old !== null) {
        await handle.chmod(old.mode & 0o777)
        await handle.chown(old.uid, old.gid)
      }
      await handle.writeFile(text)
      await handle.sync()
      await rename(draft, file)
    } catch (thrown) {
      await rm(draft, { force: true })
      throw fail('file-missing', { what: 'the definition cannot be written', where: file, why: String(thrown) })
    }
    await syncFolder(dirname(file))
  }

  /** A copy of a text beside the file of its guest, which no daemon takes for a definition. */
  async keepBeside(name: string, suffix: string, text: string): Promise<string> {
    const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
    const file = `${this.file(name)}.${suffix}-${stamp}`
    {
      await using handle = await open(file, 'w', KEPT_FILE_MODE)
      await handle.writeFile(text)
      await handle.sync()
    }
    await syncFolder(this.#folder)
    return file
  }

  async forget(file: string): Promise<void> {
    await rm(file, { force: true })
  }

  async remove(name: string): Promise<void> {
    await unlink(this.file(name))
    await syncFolder(this.#folder)
  }

  /**
   * Calls back when the folder, or a file that is linked into it, has changed and been quiet for `settleMs`: an editor
   * writes a file in several steps. The folder itself may go and come back.
   */
  watch(settleMs: number, onChange: () => Promise<void>): Disposable {
    let timer: NodeJS.Timeout | undefined
    let watchers: readonly FSWatcher[] = []
    let ended = false
    const changed = () => {
      clearTimeout(timer)
      timer = setTimeout(() => void onChange().finally(arm), settleMs)
    }
    const arm = () => {
      for (const watcher of watchers) watcher.close()
      if (ended) return
      const linked = [...linkTargets(this.#folder)].flatMap(([folder, names]) =>
        watchFolder(folder, (name) => {
          if (name === null || names.has(name)) changed()
        }),
      )
      watchers = [watch(this.#folder, changed).on('error', changed), ...linked]
    }
    arm()
    return {
      [Symbol.dispose]() {
        ended = true
        clearTimeout(timer)
        for (const watcher of watchers) watcher.close()
      },
    }
  }
}

/** Where the links among the definitions lead: names of files, by their folders. A link that leads nowhere is left out. */
function linkTargets(folder: string): ReadonlyMap<string, ReadonlySet<string>> {
  const links = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isSymbolicLink() && entry.name.endsWith('.cfg'),
  )
  const targets = links.flatMap(({ name }) => {
    try {
      return [realpathSync(join(folder, name))]
    } catch {
      return []
    }
  })
  return new Map(
    [...Map.groupBy(targets, dirname)].map(([at, files]) => [at, new Set(files.map((file) => basename(file)))]),
  )
}

/** The folder is watched and not the file: an editor puts a new file in its place. None for a folder that is gone by now. */
function watchFolder(folder: string, onChange: (name: string | null) => void): readonly FSWatcher[] {
  try {
    return [watch(folder, (_event, name) => onChange(name)).on('error', () => onChange(null))]
  } catch {
    return []
  }
}

/** Names a text: another text has another one. */
export const revisionOf = (text: string): string => createHash('sha256').update(text).digest('hex')

const isMissing = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}
