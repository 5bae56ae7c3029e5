/** The types of values that keys have, as xl reads them (Xen tools/libs/util/libxlu_cfg.c, xlu_cfg_get_*). */
import { entryOf } from '../../words/entry-of.ts'
import type { Atom, Value } from '../parse.ts'
import type { Codec, Report, Written } from './row.ts'
import { longOf } from '../numbers.ts'

/** A single value, or undefined and a warning for a list, which xl takes for a key that is not there. */
export function atomOf(value: Value, report: Report): Atom | undefined {
  if (value.kind === 'atom') return value
  report.warn(value.at, 'a list stands where one value belongs, so xl ignores it', 'remove the brackets')
  return undefined
}

/** The texts of a list. xl stops without a word at a list in the list. */
export function itemsOf(value: Value, report: Report): readonly Atom[] | undefined {
  if (value.kind === 'atom') {
    report.warn(value.at, 'one value stands where a list belongs, so xl ignores it', 'put it in brackets: [ … ]')
    return undefined
  }
  const nested = value.items.findIndex((item) => item.kind === 'list')
  const inner = value.items[nested]
  if (inner !== undefined) {
    report.warn(inner.at, 'a list in this list: xl ignores it and everything after it', 'remove the inner brackets')
  }
  return (inner === undefined ? value.items : value.items.slice(0, nested)) as readonly Atom[]
}

/** The number that xl makes of an atom, or undefined and a warning where xl leaves the default. */
function numberOf(atom: Atom, report: Report, operator: '=' | '+=' = '='): number | undefined {
  if (operator === '+=') {
    report.warn(atom.at, '"+=" on a number: xl ignores the key', 'use "="')
    return undefined
  }
  const number = longOf(atom.text)
  if (number === undefined) {
    report.warn(atom.at, `${JSON.stringify(atom.text)} is no number, so xl leaves the default`, numberFix(atom.text))
    return undefined
  }
  if (/^\s*[+-]?0[0-7]/.test(atom.text)) {
    report.warn(atom.at, `a leading 0 means octal: ${atom.text} is ${number}`, `write ${number}`)
  }
  return number
}

function numberFix(written: string): string {
  if (/^0[0-9]+$/.test(written)) return `write ${written.replace(/^0+/, '')}: a leading 0 means octal`
  if (/^\d+\s*[kKmMgG]i?[bB]?$/.test(written)) return 'write the number without a unit'
  return 'write a plain number'
}

export const number: Codec<number> = {
  form: 'NUMBER',
  read(value, report, operator) {
    const atom = atomOf(value, report)
    return atom && numberOf(atom, report, operator)
  },
  write: (value) => (value < 0 ? String(value) : value),
}

export const flag: Codec<boolean> = {
  form: 'BOOLEAN',
  read(value, report, operator) {
    const read = number.read(value, report, operator)
    return read === undefined ? undefined : read !== 0
  },
  write: (value) => (value ? 1 : 0),
}

/** Any text. An empty one is like no text, for xl hands libxl an empty string where it means "none". */
export const text: Codec<string> = {
  form: '"STRING"',
  read(value, report) {
    const atom = atomOf(value, report)
    if (atom?.text !== '') return atom?.text
    report.warn(atom.at, 'an empty text, taken as if the key were not there', 'remove the key')
    return undefined
  },
  write: (value) => value,
}

/** Any text, the empty one included. */
export const anyText: Codec<string> = { ...text, read: (value, report) => atomOf(value, report)?.text }

/** One of some names; `aliases` are other spellings that xl takes. */
export function choice<const T extends string>(
  names: readonly T[],
  aliases: Readonly<Record<string, T>> = {},
): Codec<T> {
  const said = names.map((name) => `"${name}"`)
  return {
    form: said.join(' | '),
    read(value, report) {
      const atom = atomOf(value, report)
      if (atom === undefined) return undefined
      const found = names.find((name) => name === atom.text) ?? entryOf(aliases, atom.text)
      if (found === undefined)
        report.refuse(atom.at, `unknown value ${JSON.stringify(atom.text)}`, `one of ${said.join(', ')}`)
      return found
    },
    write: (value) => value,
  }
}

/** One of some names, or the number that older files have for it. */
export function numberedChoice<const T extends string>(names: readonly T[], first = 0): Codec<T> {
  const byName = choice(names)
  return {
    form: byName.form,
    read(value, report, operator) {
      const atom = atomOf(value, report)
      if (atom === undefined) return undefined
      const index = operator === '=' ? longOf(atom.text) : undefined
      if (index === undefined) return byName.read(value, report, operator)
      const name = names[index - first]
      if (name === undefined) report.refuse(atom.at, `there is no value number ${index}`, `one of ${byName.form}`)
      else report.warn(atom.at, 'a number stands for this value, which xl calls deprecated', `write "${name}"`)
      return name
    },
    write: (value) => value,
  }
}

export const texts: Codec<readonly string[]> = {
  form: '[ "STRING", … ]',
  read: (value, report) => itemsOf(value, report)?.map((item) => item.text),
  write: (value) => value,
}

/** A text or a list of texts, both of which mean a list. */
export const textOrTexts: Codec<readonly string[]> = {
  form: '"STRING" | [ "STRING", … ]',
  read(value, report, operator) {
    if (value.kind === 'list') return texts.read(value, report, operator)
    const one = text.read(value, report, operator)
    return one === undefined ? undefined : [one]
  },
  write: (value) => (value.length === 1 ? (value[0] ?? []) : value),
}

/** A text, or a list of texts that means something else. */
export const textOrList: Codec<string | readonly string[]> = {
  form: '"STRING" | [ "STRING", … ]',
  read: (value, report, operator) => (value.kind === 'list' ? texts : text).read(value, report, operator),
  write: (value) => value,
}

/** A list of one-line specifications, each with its own little language. */
export function specs<T>(
  form: string,
  target: string,
  parse: (spec: string) => Spec<T>,
  write: (value: T) => Written,
): Codec<readonly T[]> {
  return {
    form: `[ "${form}", … ]`,
    read(value, report) {
      const items = itemsOf(value, report)
      return items?.flatMap((item, index) => {
        report.place([target, index], item.at)
        return readSpec(item, parse, report)
      })
    },
    write: (values) => values.map(write),
  }
}

/** What a specification says, with what xl would swallow; or why it says nothing. */
export type Spec<T> =
  { readonly value: T; readonly warnings?: readonly string[] } | { readonly problem: string; readonly fix?: string }

function readSpec<T>(item: Atom, parse: (spec: string) => Spec<T>, report: Report): T[] {
  const spec = parse(item.text)
  if ('problem' in spec) {
    report.refuse(item.at, spec.problem, spec.fix)
    return []
  }
  for (const warning of spec.warnings ?? []) report.warn(item.at, warning)
  return [spec.value]
}
