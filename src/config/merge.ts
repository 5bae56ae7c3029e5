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

/** The last assignment of a key, and what was added to it since. */
interface Sum {
  readonly last: PlacedSetting
  readonly values: readonly Value[]
}

function total({ last, values }: Sum): PlacedSetting {
  if (values.length === 1) return last
  const value: Value =
    last.value.kind === 'list'
      ? { ...last.value, items: values.flatMap((each) => (each.kind === 'list' ? each.items : [])) }
      : { ...last.value, text: values.map((each) => (each.kind === 'atom' ? each.text : '')).join('') }
  return { ...last, value }
}

export function mergeSettings(all: readonly PlacedSetting[]): Merged {
  const sums = new Map<string, { last: PlacedSetting; values: Value[] }>()
  const warnings: Warning[] = []
  const mistakes: Mistake[] = []
  for (const setting of all) {
    const { key, operator, file, at, value } = setting
    const before = sums.get(key)
    const where = { file, ...at }
    if (before === undefined || operator === '=') {
      if (before?.last.file === file) warnings.push({ where, key, ...repeated(before.last.at) })
      sums.set(key, { last: setting, values: [value] })
    } else if (before.last.value.kind === value.kind) {
      before.last = setting
      before.values.push(value)
    } else {
      mistakes.push({ kind: 'syntax', where, key, message: '"+=" cannot add a list to a text, or a text to a list' })
    }
  }
  return { settings: new Map([...sums].map(([key, sum]) => [key, total(sum)])), warnings, mistakes }
}

const repeated = ({ line }: Position) => ({
  message: `it was given before, in line ${line}; the last one counts`,
  fix: 'remove one of them',
})
