/** Settings as xl remembers them: the last assignment of a key counts, and "+=" adds to the one before. */
import type { Setting, Value } from './parse.ts'
import type { Mistake, Position, Warning } from './source.ts'

/** A setting with the file, or the command line, that it stands in. */
export interface PlacedSetting extends Setting {
  readonly file: string
}

export interface Merged {
  readonly settings: ReadonlyMap<string, PlacedSetting>
  readonly warnings: readonly Warning[]
  readonly mistakes: readonly Mistake[]
}

function sum(before: Value, added: Value): Value | undefined {
  if (before.kind === 'list' && added.kind === 'list') return { ...added, items: [...before.items, ...added.items] }
  if (before.kind === 'atom' && added.kind === 'atom') return { ...added, text: before.text + added.text }
  return undefined
}

export function mergeSettings(all: readonly PlacedSetting[]): Merged {
  const settings = new Map<string, PlacedSetting>()
  const warnings: Warning[] = []
  const mistakes: Mistake[] = []
  for (const setting of all) {
    const { key, operator, file, at } = setting
    const before = settings.get(key)
    const where = { file, ...at }
    if (before === undefined || operator === '=') {
      if (before?.file === file) warnings.push({ where, key, ...repeated(before.at) })
      settings.set(key, setting)
      continue
    }
    const value = sum(before.value, setting.value)
    if (value !== undefined) settings.set(key, { ...setting, value })
    else mistakes.push({ kind: 'syntax', where, key, message: '"+=" cannot add a list to a text, or a text to a list' })
  }
  return { settings, warnings, mistakes }
}

const repeated = ({ line }: Position) => ({
  message: `it was given before, in line ${line}; the last one counts`,
  fix: 'remove one of them',
})
