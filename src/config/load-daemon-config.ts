/** Reads /etc/tetrarch/tetrarchd.toml: what it does not say has its default, what it says wrongly is refused with its place. */
import { parse, TomlError } from 'smol-toml'
import { fail } from '../words/errors.ts'
import { DaemonConfig, freeTables } from './daemon-config.ts'
import { didYouMean } from './similar.ts'

type Tables = Record<string, Record<string, unknown>>

/** `idleMs` as `idle_ms`, `memoryMiB` as `memory_mib`. */
export const snakeCase = (name: string): string =>
  name.replace('MiB', 'Mib').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Every table and key that there is, in the file's spelling, with the schema's. */
function spellings(): ReadonlyMap<string, { readonly table: string; readonly keys: ReadonlyMap<string, string> }> {
  const defaults = DaemonConfig.parse({}) as unknown as Tables
  return new Map(
    Object.entries(defaults).map(([table, keys]) => [
      snakeCase(table),
      { table, keys: new Map(Object.keys(keys).map((key) => [snakeCase(key), key])) },
    ]),
  )
}

/** Line and column of a table's header, or of a key in it; the first line if it is written in a way not foreseen here. */
function placeOf(text: string, table: string, key?: string): string {
  let current = ''
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[\s*"?([^\]"]+?)"?\s*\]/.exec(line)
    if (header?.[1] !== undefined) current = header[1]
    const written = header === null ? /^\s*([\w."-]+)\s*=/.exec(line)?.[1]?.replaceAll('"', '') : undefined
    const full = written === undefined ? current : current === '' ? written : `${current}.${written}`
    const wanted = key === undefined ? [table] : [`${table}.${key}`]
    if (wanted.includes(full)) return `${index + 1}:${line.length - line.trimStart().length + 1}`
  }
  return '1:1'
}

function readTables(text: string, file: string): Tables {
  try {
    return parse(text) as Tables
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown
    const what = (thrown.message.split('\n', 1)[0] ?? '').replace(/^Invalid TOML document: /, '')
    throw fail('config-syntax', { what, where: `${file}:${thrown.line}:${thrown.column}` }, { cause: thrown })
  }
}

/** @throws config-syntax for what is no TOML; config-invalid for an unknown table or key, or a value that cannot be. */
export function loadDaemonConfig(text: string, { file }: { readonly file: string }): DaemonConfig {
  const known = spellings()
  const unknown = (kind: string, name: string, names: Iterable<string>, place: string) => {
    const guess = didYouMean(name, names)
    const fix = guess === undefined ? 'remove it' : `did you mean "${guess}"?`
    return fail('config-invalid', { what: `there is no ${kind} "${name}"`, where: `${file}:${place}`, fix })
  }
  const config: Tables = {}
  for (const [table, values] of Object.entries(readTables(text, file))) {
    const spelling = known.get(table)
    if (spelling === undefined) throw unknown('table', table, known.keys(), placeOf(text, table))
    const isTable = typeof values === 'object' && !Array.isArray(values)
    if (!isTable)
      throw fail('config-invalid', {
        what: `"${table}" is a table`,
        where: `${file}:${placeOf(text, table)}`,
        fix: `write [${table}]`,
      })
    config[spelling.table] = Object.fromEntries(
      Object.entries(values).map(([key, value]) => {
        const name = freeTables.has(spelling.table) ? key : spelling.keys.get(key)
        if (name === undefined) throw unknown('key', key, spelling.keys.keys(), placeOf(text, table, key))
        return [name, value]
      }),
    )
  }
  const parsed = DaemonConfig.safeParse(config)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const [table = '', key = ''] = (issue?.path ?? []).map((name) => snakeCase(String(name)))
  throw fail('config-invalid', {
    what: `${key}: ${issue?.message ?? 'cannot be'}`,
    where: `${file}:${placeOf(text, table, key)}`,
  })
}
