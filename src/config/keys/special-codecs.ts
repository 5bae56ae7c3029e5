/** Values that are written in more than one way, or in a way of their own. */
import type { GuestSpec } from '../guest-spec.ts'
import { longOf } from '../numbers.ts'
import type { Atom } from '../parse.ts'
import { cpuidPolicy } from '../specs/cpuid.ts'
import { cpuSetText } from '../specs/cpus.ts'
import { joined, pair, pairOf } from '../specs/parts.ts'
import { viridianWords } from '../specs/viridian.ts'
import { atomOf, choice, flag, itemsOf, textOrList, texts } from './codecs.ts'
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

type Rdm = NonNullable<GuestSpec['rdm']>

/** What is documented; xl 4.17 itself drops a text that gives a policy it knows (Xen tools/libs/util/libxlu_pci.c, xlu_rdm_parse). */
export const rdm: Codec<Rdm> = {
  form: '"strategy=host,policy=strict|relaxed"',
  read(value, report) {
    const atom = atomOf(value, report)
    if (atom === undefined) return undefined
    const found = new Map(atom.text.split(',').map((part) => pairOf(part) ?? [part, '']))
    const strategy = found.get('strategy')
    const policy = found.get('policy')
    const known = [...found.keys()].every((name) => name === 'strategy' || name === 'policy')
    const fits =
      (strategy === undefined || strategy === 'host') &&
      (policy === undefined || policy === 'strict' || policy === 'relaxed')
    if (known && fits) return { ...(strategy && { strategy }), ...(policy && { policy }) }
    report.warn(
      atom.at,
      `${JSON.stringify(atom.text)} is no rdm setting, so xl ignores it`,
      'write "strategy=host,policy=relaxed"',
    )
    return undefined
  },
  write: ({ strategy, policy }) => joined([pair('strategy', strategy), pair('policy', policy)]),
}

/** Sets of processors: one for all vCPUs, or a list with one for each. */
export const cpuSets: Codec<string | readonly string[]> = {
  form: '"CPUS" | [ "CPUS", … ]',
  read(value, report) {
    const setOf = (atom: Atom): string | undefined => {
      const set = cpuSetText(atom.text)
      if (set !== undefined && set !== '') return set
      report.refuse(
        atom.at,
        `${JSON.stringify(atom.text)} is no set of processors`,
        'such as "0-3,^2", "nodes:0" or "all"',
      )
      return undefined
    }
    if (value.kind === 'atom') return setOf(value)
    const sets = itemsOf(value, report)?.map(setOf)
    return sets?.filter((set) => set !== undefined)
  },
  write: (value) => value,
}

const viridianNames: ReadonlySet<string> = new Set(viridianWords)

/** A number for yes or no, or a list of enlightenments. */
export const viridian: Codec<boolean | readonly string[]> = {
  form: 'BOOLEAN | [ "NAME", … ]',
  read(value, report, operator) {
    if (value.kind === 'atom') return flag.read(value, report, operator)
    const items = itemsOf(value, report) ?? []
    for (const { text, at } of items) {
      if (!viridianNames.has(text))
        report.refuse(at, `unknown enlightenment ${JSON.stringify(text)}`, 'see xl.cfg(5), viridian')
    }
    return items.map(({ text }) => text)
  },
  write: (value) => (typeof value === 'boolean' ? Number(value) : value),
}

/** libxl's words in one text, or xend's lines in a list; what libxl does not understand it leaves out. */
export const cpuid: Codec<string | readonly string[]> = {
  form: '"host,NAME=VALUE,…" | [ "LEAF:eax=BITS,…", … ]',
  read(value, report, operator) {
    const written = textOrList.read(value, report, operator)
    if (written === undefined) return undefined
    for (const problem of cpuidPolicy(written).problems) report.warn(value.at, `${problem}; xl leaves it out`)
    return written
  },
  write: (value) => value,
}
