/**
 * Answers for those who may only look: without the passwords of guests' screens. Who may read that a guest has a VNC
 * display is not yet one who may type on it.
 */
import { revisionOf } from '../guests/guests-folder.ts'

const HIDDEN = '***'
/** vncpasswd, spicepasswd, and what device_model_args may hold. */
const PASSWORD = /\b\w*passw(?:or)?d\b/i
const PASSWORD_PART = /(\b\w*passw(?:or)?d\s*=)[^,]*/gi
/** A string of xl.cfg. */
const STRING = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g
/** Stands for each character of a string. */
const INSIDE = '\0'
/** A quote that no string has, or a string that something sticks to: the line may mean something else than it seems to. */
const UNCLEAR = /['"]|\0[^\s,\];#\0]|[^\s,[=;\0]\0/

/** An answer of the API without passwords: in texts of definitions, in specifications and in changes between them. */
export function redact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redact)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([name, field]) => [name, redactField(name, field, value)] as const)
  return withoutTraces(Object.fromEntries(fields), value)
}

function redactField(name: string, field: unknown, whole: object): unknown {
  if (typeof field === 'string') {
    if (PASSWORD.test(name)) return HIDDEN
    if (name === 'text') return redactText(field)
    if ((name === 'before' || name === 'after') && 'key' in whole) return redactChange(String(whole.key), field)
  }
  if (name === 'overrides' && Array.isArray(field)) return field.map((line) => redactText(String(line)))
  return redact(field)
}

const redactChange = (key: string, value: string): string => (PASSWORD.test(key) ? HIDDEN : redactText(value))

/** From the revision a short password could be guessed, and what is said about its line may quote it. */
function withoutTraces(shown: Record<string, unknown>, { text }: { readonly text?: unknown }): object {
  if (typeof text !== 'string' || shown['text'] === text) return shown
  const lines = text.split('\n')
  const isAbout = (finding: unknown) => PASSWORD.test(lines[lineOf(finding) - 1] ?? '')
  const hidden = (finding: unknown) => (isAbout(finding) ? { ...(finding as object), message: HIDDEN } : finding)
  return {
    ...shown,
    ...('revision' in shown && { revision: revisionOf(String(shown['text'])) }),
    ...(Array.isArray(shown['findings']) && { findings: shown['findings'].map(hidden) }),
  }
}

const lineOf = (finding: unknown): number => (finding as { readonly where: { readonly line: number } }).where.line

/** The text of a definition without its passwords; of a line that is not clear the whole rest is hidden. */
const redactText = (text: string): string => text.split('\n').map(redactLine).join('\n')

function redactLine(line: string): string {
  const first = PASSWORD.exec(line)
  if (first === null) return line
  const rest = (of: string, { 0: word, index }: RegExpExecArray) => `${of.slice(0, index + word.length)} = "${HIDDEN}"`
  if (UNCLEAR.test(blank(line))) return rest(line, first)
  const masked = line.replaceAll(
    STRING,
    (quoted) => quoted.charAt(0) + quoted.slice(1, -1).replaceAll(PASSWORD_PART, `$1${HIDDEN}`) + quoted.charAt(0),
  )
  const key = PASSWORD.exec(blank(masked))
  return key === null ? masked : rest(masked, key)
}

const blank = (line: string): string => line.replaceAll(STRING, (quoted) => INSIDE.repeat(quoted.length))
