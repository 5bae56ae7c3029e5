import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fail } from '../words/errors.ts'

/** A definition that was given to a command. */
export interface DefinitionText {
  /** Whole path, for messages. */
  readonly file: string
  readonly text: string
}

/** How a command tells files from names of guests: a word with a slash or that ends in .cfg is a file. */
export const isFileWord = (word: string): boolean => word.includes('/') || word.endsWith('.cfg') || word === '-'

export const isThere = (word: string): boolean => existsSync(word)

/** Reads a file, or stdin for `-`. Throws `not-found` or `file-missing`. */
export function readDefinitionFile(word: string): DefinitionText {
  try {
    return { file: word === '-' ? '<stdin>' : resolve(word), text: readFileSync(word === '-' ? 0 : word, 'utf8') }
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    throw fail(
      isMissing ? 'not-found' : 'file-missing',
      {
        what: isMissing ? 'there is no such file' : 'the definition cannot be read',
        where: word,
        why: isMissing ? undefined : String(cause),
        fix: 'give the path of a guest definition, or the name of a defined guest (tetrarch list)',
      },
      { cause },
    )
  }
}

/** The settings after a file or a name, `KEY=VALUE` each. Throws `usage` for another word. */
export function overridesIn(words: readonly string[]): readonly string[] {
  const wrong = words.find((word) => !word.includes('='))
  if (wrong === undefined) return words
  throw fail('usage', {
    what: `"${wrong}" is no setting`,
    fix: 'after the file or name come settings in the syntax of xl.cfg: memory=512 or \'name="web2"\'',
  })
}

/** More than a definition may have, and less than any disk. */
const MAX_DEFINITION_BYTES = 200_000
const LOOKED_AT_BYTES = 4096

/** Whether a file is a text that may define a guest, and no disk. One that this user may not read is taken for a disk. */
export function isDefinitionText(path: string): boolean {
  if (path.endsWith('.cfg') || path === '-') return true
  try {
    const status = statSync(path)
    if (!status.isFile() || status.size > MAX_DEFINITION_BYTES) return false
    const fd = openSync(path, 'r')
    try {
      const start = Buffer.alloc(LOOKED_AT_BYTES)
      return !start.subarray(0, readSync(fd, start)).includes(0)
    } finally {
      closeSync(fd)
    }
  } catch {
    return false
  }
}
