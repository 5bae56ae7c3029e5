/**
 * GRUB's `regexp` (GNU GRUB Manual, "regexp"): whether a POSIX extended regular expression matches a text, and its parts into
 * variables. What a guest made to take for ever is refused by what it could cost, before it is tried.
 */
import { entryOf } from '../../../words/entry-of.ts'
import { type BuiltIn, FAILED, OK, type Session } from './session.ts'

/** Ways to match a text that may be tried: a second's work. Version numbers need thousands. */
const MAX_WAYS = 50_000_000
const MAX_EXPRESSION = 1024

/** Classes within brackets (regex(7)), for ASCII. */
const CLASSES: Readonly<Record<string, string>> = {
  ...{ alpha: 'A-Za-z', digit: '0-9', alnum: 'A-Za-z0-9', upper: 'A-Z', lower: 'a-z', xdigit: '0-9A-Fa-f' },
  ...{
    space: ' \\t-\\r',
    blank: ' \\t',
    punct: '!-\\/:-@\\[-`{-~',
    print: ' -~',
    graph: '!-~',
    cntrl: '\\0-\\x1f\\x7f',
  },
}

/** The expression in JavaScript's words; null for what is not one, or is one of GNU's own. */
export function extendedExpression(text: string): RegExp | null {
  if (text.length > MAX_EXPRESSION) return null
  const parts: string[] = []
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at)
    const bracket = /^\[(\^?)(\]?(?:\[:[a-z]+:\]|[^\]])*)\]/.exec(rest)
    if (bracket !== null) {
      const inside = bracketMembers(bracket[2] ?? '')
      if (inside === null) return null
      parts.push(`[${bracket[1] ?? ''}${inside}]`)
      at += bracket[0].length
      continue
    }
    // JavaScript's groups of other kinds and lazy repetitions; GNU's escapes of letters.
    if (/^(\(\?|[*+?}][?+*]|\[|\\$|\\[a-zA-Z0-9])/.test(rest)) return null
    const piece = rest.startsWith('\\') ? rest.slice(0, 2) : rest.slice(0, 1)
    parts.push(piece === '\\/' ? '/' : piece)
    at += piece.length
  }
  try {
    return new RegExp(parts.join(''), 's')
  } catch {
    return null
  }
}

/** A backslash stands for itself there, and so does a bracket. */
function bracketMembers(text: string): string | null {
  const members: string[] = []
  for (const [whole, name] of text.matchAll(/\[:([a-z]+):\]|[^]/g)) {
    const member = name === undefined ? whole.replace(/[\\[\]]/, '\\$&') : entryOf(CLASSES, name)
    if (member === undefined) return null
    members.push(member)
  }
  return members.join('')
}

/**
 * At most how many ways there are to match a text of this length: each repetition may end anywhere, each choice doubles them.
 * A repeated group that repeats or chooses inside has no bound.
 */
function waysToMatch(expression: string, length: number): number {
  const plain = expression.replaceAll(/\\.|\[\^?\]?(?:\[:[a-z]+:\]|[^\]])*\]/gs, 'x')
  // Groups from the inside out: what is left of each says whether there was something in it to choose.
  let flat = plain
  for (let before = ''; before !== flat;) {
    before = flat
    if (/\([^()]*[*+?{|][^()]*\)[*+{]/.test(flat)) return Infinity
    flat = flat.replace(/\(([^()]*)\)/, (_, inside: string) => (/[*+?{|]/.test(inside) ? '?x' : 'x'))
  }
  const count = (pattern: RegExp) => plain.match(pattern)?.length ?? 0
  return (length + 1) ** (count(/[*+{]/g) + 1) * 2 ** count(/[?|]/g)
}

export const regexp: BuiltIn = (session, words, { line }) => {
  const wanted: string[] = []
  const operands: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '--set' || word === '-s') wanted.push(words[++at] ?? '')
    else if (word.startsWith('--set=')) wanted.push(word.slice('--set='.length))
    else operands.push(word)
  }
  const [expression = '', text = ''] = operands
  const isBounded = waysToMatch(expression, text.length) <= MAX_WAYS
  const compiled = isBounded ? extendedExpression(expression) : null
  if (compiled === null) {
    session.note(`line ${line}: a regular expression that is not understood`)
    return FAILED
  }
  const found = compiled.exec(text)
  if (found === null) return FAILED
  for (const each of wanted) keepPart(session, each, found)
  return OK
}

/** `2:name` is the second part in parentheses; the first without a number. */
function keepPart(session: Session, wanted: string, found: RegExpExecArray): void {
  const [, number = '1', name = ''] = /^(?:(\d+):)?(.*)$/s.exec(wanted) ?? []
  const part = found[Number(number)]
  if (part === undefined) session.variables.delete(name)
  else session.assign(name, part)
}
