/** Values that older files write in another way, which xl still takes. */
import { longOf } from '../numbers.ts'
import { atomOf, choice, flag, texts } from './codecs.ts'
import type { Codec } from './row.ts'

const gfxKind = choice(['default', 'igd'])

/** Arguments as a list, or in one text, split at blanks. */
export const bootloaderArguments: Codec<readonly string[]> = {
  form: texts.form,
  read(value, report, operator) {
    if (value.kind === 'list') return texts.read(value, report, operator)
    const atom = atomOf(value, report)
    if (atom === undefined) return undefined
    report.warn(atom.at, 'arguments in one text, which xl calls deprecated', 'write a list: [ "--arg", … ]')
    return atom.text.split(/[ \t\n]+/).filter((word) => word !== '')
  },
  write: (value) => value,
}

/** A number for yes or no, or the kind of graphics card. */
export const gfxPassthrough: Codec<boolean | 'default' | 'igd'> = {
  form: 'BOOLEAN | "default" | "igd"',
  read(value, report, operator) {
    const atom = atomOf(value, report)
    if (atom === undefined) return undefined
    const number = operator === '=' ? longOf(atom.text) : undefined
    return number === undefined ? gfxKind.read(atom, report, operator) : number !== 0
  },
  write: (value) => (typeof value === 'string' ? value : Number(value)),
}

/** A number for yes or no, or a list of enlightenments. */
export const viridian: Codec<boolean | readonly string[]> = {
  form: 'BOOLEAN | [ "NAME", … ]',
  read: (value, report, operator) => (value.kind === 'list' ? texts : flag).read(value, report, operator),
  write: (value) => (typeof value === 'boolean' ? Number(value) : value),
}
