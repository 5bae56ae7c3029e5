/**
 * Everything that is to be said about a definition before it is used: what the loader found, what does nothing in the
 * guest's mode, and, with facts of the host, what cannot work there. Promises to say all of it at once, each with its
 * place; never opens a file.
 */
import { examineGuest, type Examined, type LoadOptions } from '../load.ts'
import type { Warning, Where } from '../source.ts'
import type { Finding, LintFacts, Severity } from './finding.ts'
import { hostRules } from './host-rules.ts'
import { textRules } from './text-rules.ts'

export const lintGuest = (text: string, options: LoadOptions, facts: LintFacts = {}): readonly Finding[] =>
  lintExamined(examineGuest(text, options), options.file, facts)

/** The same for a definition that was read already. */
export function lintExamined(examined: Examined, file: string, facts: LintFacts = {}): readonly Finding[] {
  const { spec, mistakes, warnings } = examined
  const loaded = [
    ...mistakes.map((mistake) => said(mistake, 'error', mistake.kind)),
    ...warnings.map((warning) => said(warning, 'warning', 'swallowed')),
  ]
  const observed = spec === undefined ? [] : [...textRules, ...hostRules].flatMap((rule) => rule(spec, examined, facts))
  const seen = observed.map(({ field, ...rest }): Finding => ({
    ...rest,
    where: placeOf(field, examined, file),
  }))
  return [...loaded, ...seen].toSorted((a, b) => a.where.line - b.where.line || a.where.column - b.where.column)
}

const said = ({ where, key, message, fix }: Warning, severity: Severity, rule: string): Finding => ({
  severity,
  rule,
  where,
  key,
  message,
  fix,
})

function placeOf(field: string, { places, keys }: Examined, file: string): Where {
  const whole = field.split('.')[0] ?? field
  return places.get(field) ?? places.get(whole) ?? keys.get(field) ?? { file, line: 1, column: 1 }
}
