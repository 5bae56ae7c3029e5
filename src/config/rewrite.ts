/**
 * Another specification in a user's own text: only the lines of keys that change are touched, comments and order stay.
 * Where that does not come out right (`+=`, several keys for one thing), the whole is written anew.
 */
import { isDeepStrictEqual } from 'node:util'
import { changesBetween } from './changes.ts'
import type { GuestSpec } from './guest-spec.ts'
import { keyTable } from './keys/table.ts'
import { tokenize } from './lexer.ts'
import { examineGuest } from './load.ts'
import type { Position } from './source.ts'
import { literal, writeGuest, writtenKeys } from './write.ts'

/** The text that says `after`, made from the text that says `before`. */
export function rewriteGuest(text: string, before: GuestSpec, after: GuestSpec): string {
  const groups = new Set(changesBetween(before, after).map(({ key }) => groupOf(key)))
  const edited = edit(text, groups, after)
  const { spec } = examineGuest(edited, { file: 'rewritten' })
  return isDeepStrictEqual(spec, after) ? edited : writeGuest(after)
}

/** Keys that mean one thing together, and change together (combine.ts). */
const TOGETHER: readonly (readonly string[])[] = [
  ['mode', 'type', 'builder', 'xen_platform_pci', 'pvshim'],
  ['cmdline', 'root', 'extra'],
  ['firmware', 'bios'],
  ['vga', 'stdvga'],
]
const groupOf = (key: string): string =>
  TOGETHER.find((keys) => keys.includes(key))?.[0] ?? keyTable.get(key)?.target ?? key

/** Says anew what the keys of some groups say. */
function edit(text: string, groups: ReadonlySet<string>, after: GuestSpec): string {
  const places = settingsIn(text).filter(({ key }) => groups.has(groupOf(key)))
  const lines = [...writtenKeys(after)]
    .filter(([key]) => groups.has(groupOf(key)))
    .map(([key, value]) => ({ key, line: `${key} = ${literal(value)}` }))
  const written = new Set<string>()
  let out = ''
  let done = 0
  for (const { key, from, to } of places) {
    const here = lines.filter((line) => groupOf(line.key) === groupOf(key) && !written.has(line.key))
    here.forEach((line) => written.add(line.key))
    out += text.slice(done, from) + here.map(({ line }) => line).join('\n')
    // A line that is gone goes with its end.
    done = here.length === 0 && text[to] === '\n' && (from === 0 || text[from - 1] === '\n') ? to + 1 : to
  }
  out += text.slice(done)
  const rest = lines.filter(({ key }) => !written.has(key)).map(({ line }) => `${line}\n`)
  return rest.length === 0 ? out : `${out}${out.endsWith('\n') || out === '' ? '' : '\n'}${rest.join('')}`
}

interface Place {
  readonly key: string
  readonly from: number
  readonly to: number
}

/** Where each setting begins and ends in the text. */
function settingsIn(text: string): readonly Place[] {
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  const offset = ({ line, column }: Position): number => (lineStarts[line - 1] ?? text.length) + column - 1
  const places: Place[] = []
  let depth = 0
  let open: { key: string; from: number } | null = null
  let end = 0
  for (const token of tokenize(text).tokens) {
    const endsSetting = depth === 0 && (token.kind === 'newline' || token.kind === ';' || token.kind === 'end')
    if (endsSetting) {
      if (open !== null) places.push({ ...open, to: beforeComment(text, end, offset(token.at)) })
      open = null
    } else if (open === null && token.kind === 'word' && depth === 0) open = { key: token.text, from: offset(token.at) }
    if (token.kind === '[') depth++
    if (token.kind === ']') depth--
    end = offset(token.at)
  }
  return places
}

/** A comment behind a setting stays; the blanks before it go. */
function beforeComment(text: string, lastToken: number, lineEnd: number): number {
  const tail = text.slice(lastToken, lineEnd)
  const quote = /^(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s#]+)/.exec(tail)?.[0].length ?? tail.length
  return lastToken + quote
}
