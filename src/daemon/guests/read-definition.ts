import { basename } from 'node:path'
import type { Finding } from '../../config/lint/finding.ts'
import { lintExamined } from '../../config/lint/lint.ts'
import type { GuestSpec } from '../../config/guest-spec.ts'
import { type Examined, examineGuest, mistakeError } from '../../config/load.ts'
import { fail } from '../../words/errors.ts'
import type { Definition } from './guest-entry.ts'

/** So that a text is read once and not again at each start. */
const examinedBySpec = new WeakMap<GuestSpec, Examined>()

/** What reading its text found. */
export const examinedOf = ({ file, text, overrides, spec }: Pick<Definition, 'file' | 'text' | 'overrides' | 'spec'>) =>
  examinedBySpec.get(spec) ?? examineGuest(text, { file, overrides })

/** Reads a definition from its text. Throws `config-syntax` or `config-invalid` with the place. */
export function readDefinition(file: string, text: string, overrides: readonly string[] = []): Definition {
  const examined = examineGuest(text, { file, overrides })
  const { spec, mistakes } = examined
  if (spec === undefined) throw mistakeError(mistakes)
  examinedBySpec.set(spec, examined)
  const warnings = lintExamined(examined, file).filter(({ severity }) => severity === 'warning')
  return { file, text, overrides, spec, warnings: warnings.map(findingText) }
}

/** A finding in one line. */
export const findingText = ({ where, message, fix }: Pick<Finding, 'where' | 'message' | 'fix'>): string =>
  `${basename(where.file)}:${where.line}:${where.column}: ${message}${fix === undefined ? '' : `; ${fix}`}`

/** Users find a guest's file by its name; a file that defines another would be found by nobody. */
export function checkName(definition: Definition): Definition {
  const { file, spec } = definition
  if (basename(file, '.cfg') === spec.name) return definition
  throw fail('config-invalid', {
    where: file,
    what: `the file defines a guest "${spec.name}"`,
    fix: `rename it to ${spec.name}.cfg, or set name = "${basename(file, '.cfg')}"`,
  })
}
