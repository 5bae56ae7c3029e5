/** The guests folder: one NAME.cfg a guest. The files are the intent; nothing here writes to them. */
import { type FSWatcher, watch } from 'node:fs'
import { mkdir, readFile, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { loadGuest } from '../../config/load.ts'
import type { Warning } from '../../config/source.ts'
import { type TetrarchError, asTetrarchError, fail } from '../../words/errors.ts'
import type { Definition } from './guest-entry.ts'

/** An editor writes a file in several steps; look once after the last. Milliseconds. */
const SETTLE = 200

/** Reads a definition from its text. Throws `config-syntax` or `config-invalid` with the place. */
export function readDefinition(file: string, text: string): Definition {
  const { spec, warnings } = loadGuest(text, { file })
  return { file, text, spec, warnings: warnings.map(sentence) }
}

const sentence = ({ where, message, fix }: Warning): string =>
  `${basename(where.file)}:${where.line}:${where.column}: ${message}${fix === undefined ? '' : `; ${fix}`}`

export interface Definitions {
  readonly definitions: readonly Definition[]
  readonly unreadable: readonly { readonly file: string; readonly error: TetrarchError }[]
}

/** All definitions of the folder. One that cannot be read does not keep the others away. */
export async function readFolder(folder: string): Promise<Definitions> {
  await mkdir(folder, { recursive: true, mode: 0o750 })
  const definitions: Definition[] = []
  const unreadable: { file: string; error: TetrarchError }[] = []
  for (const name of (await readdir(folder)).filter((entry) => entry.endsWith('.cfg')).sort()) {
    const file = join(folder, name)
    try {
      definitions.push(checkName(readDefinition(file, await readFile(file, 'utf8'))))
    } catch (thrown) {
      unreadable.push({ file, error: asTetrarchError(thrown) })
    }
  }
  return { definitions, unreadable }
}

/** Users find a guest's file by its name; a file that defines another would be found by nobody. */
function checkName(definition: Definition): Definition {
  const { file, spec } = definition
  if (basename(file, '.cfg') === spec.name) return definition
  throw fail('config-invalid', {
    where: file,
    what: `the file defines a guest "${spec.name}"`,
    fix: `rename it to ${spec.name}.cfg, or set name = "${basename(file, '.cfg')}"`,
  })
}

/** Calls back when the folder has changed and been quiet for a moment. */
export function watchFolder(folder: string, onChange: () => void): Disposable {
  let timer: NodeJS.Timeout | undefined
  const watcher: FSWatcher = watch(folder, () => {
    clearTimeout(timer)
    timer = setTimeout(onChange, SETTLE)
  })
  return {
    [Symbol.dispose]() {
      clearTimeout(timer)
      watcher.close()
    },
  }
}
