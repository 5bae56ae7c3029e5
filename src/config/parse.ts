/**
 * Tokens to settings: the grammar of xl.cfg (Xen tools/libs/util/libxlu_cfg_y.y). It knows no keys.
 *
 *   file    := { [setting] (newline | ';') } [setting]
 *   setting := word ('=' | '+=') value
 *   value   := string | number | '[' … ']'
 *
 * After a mistake it goes on with the next line, so that one look shows all of them.
 */
import { tokenize, type Token, type TokenKind } from './lexer.ts'
import type { Mistake, Position, Warning } from './source.ts'

export interface Atom {
  readonly kind: 'atom'
  readonly text: string
  readonly at: Position
}
export interface List {
  readonly kind: 'list'
  readonly items: readonly Value[]
  readonly at: Position
}
export type Value = Atom | List

export interface Setting {
  readonly key: string
  readonly at: Position
  readonly operator: '=' | '+='
  readonly value: Value
}

export interface Parsed {
  readonly settings: readonly Setting[]
  readonly warnings: readonly Warning[]
  readonly mistakes: readonly Mistake[]
}

export interface ParseLimits {
  /** Characters in one definition. */
  readonly maxLength: number
  /** Lists inside lists. */
  readonly maxDepth: number
  /** Mistakes after which nothing more is read. */
  readonly maxMistakes: number
}
export const parseLimits: ParseLimits = { maxLength: 1 << 20, maxDepth: 64, maxMistakes: 100 }

class SyntaxMistake extends Error {
  readonly token: Token
  readonly fix: string | undefined
  constructor(token: Token, message: string, fix?: string) {
    super(message)
    this.token = token
    this.fix = fix
  }
}

const names: Partial<Record<TokenKind, string>> = { newline: 'the end of the line', end: 'the end of the file' }
const shown = (token: Token): string => names[token.kind] ?? JSON.stringify(token.text)
/** What in Python joins two values, or calls: `"a" + b`, `"%s" % b`, `int(2)`. */
const isPython = ({ kind, text }: Token): boolean => kind === 'bad' && /^[+%(.]/.test(text)
const pythonExpression = (token: Token): SyntaxMistake =>
  new SyntaxMistake(token, 'this is a Python expression, which no xl has read since Xen 4.2', 'write the value itself')
const PYTHON_STATEMENTS = new Set([
  'import',
  'def',
  'if',
  'for',
  'print',
  'from',
  'while',
  'try',
  'class',
  'return',
  'else',
])

class Parser {
  readonly settings: Setting[] = []
  readonly mistakes: { at: Position; message: string; fix?: string | undefined }[] = []
  readonly #tokens: readonly Token[]
  readonly #limits: ParseLimits
  #next = 0

  constructor(tokens: readonly Token[], limits: ParseLimits) {
    this.#tokens = tokens
    this.#limits = limits
  }

  #peek(): Token {
    const token = this.#tokens[this.#next] ?? this.#tokens.at(-1)
    if (token === undefined) throw new RangeError('a token list without an end')
    return token
  }

  #take(): Token {
    const token = this.#peek()
    this.#next++
    return token
  }

  parse() {
    while (this.#peek().kind !== 'end' && this.mistakes.length < this.#limits.maxMistakes) {
      try {
        this.#statement()
      } catch (thrown) {
        if (!(thrown instanceof SyntaxMistake)) throw thrown
        this.mistakes.push({ at: thrown.token.at, message: thrown.message, fix: thrown.fix })
        this.#skipLine()
      }
    }
  }

  #skipLine() {
    while (this.#peek().kind !== 'newline' && this.#peek().kind !== 'end') this.#next++
  }

  #statement() {
    if (this.#peek().kind === 'newline' || this.#peek().kind === ';') {
      this.#next++
      return
    }
    const key = this.#take()
    if (key.kind !== 'word') throw this.#unexpected(key, 'a key')
    const operator = this.#take()
    if (operator.kind !== '=' && operator.kind !== '+=') throw this.#noOperator(key, operator)
    const value = this.#value(0)
    this.settings.push({ key: key.text, at: key.at, operator: operator.kind, value })
    this.#endOfSetting()
  }

  #endOfSetting() {
    const token = this.#peek()
    if (token.kind === 'newline' || token.kind === ';' || token.kind === 'end') return
    if (token.kind === 'word') {
      throw new SyntaxMistake(token, `${shown(token)} follows a complete setting`, 'put each setting on its own line')
    }
    if (isPython(token)) throw pythonExpression(token)
    const quoting = 'put a text, a range or a negative number in quotes'
    throw new SyntaxMistake(token, `${shown(token)} follows a complete value`, token.fix ?? quoting)
  }

  #value(depth: number): Value {
    const token = this.#take()
    if (token.kind === 'string' || token.kind === 'number') return { kind: 'atom', text: token.text, at: token.at }
    if (token.kind === '[') return this.#list(token, depth)
    if (token.kind === 'word') {
      if (isPython(this.#peek())) throw pythonExpression(token)
      throw new SyntaxMistake(token, `${shown(token)} is a word without quotes`, `write "${token.text}"`)
    }
    if (token.kind === 'newline') {
      throw new SyntaxMistake(token, 'the value is missing', 'a value begins on the line of its "="')
    }
    throw this.#unexpected(token, 'a value')
  }

  #list(open: Token, depth: number): List {
    if (depth >= this.#limits.maxDepth) {
      throw new SyntaxMistake(open, `lists are nested more than ${this.#limits.maxDepth} deep`)
    }
    const items: Value[] = []
    this.#newlines()
    while (this.#peek().kind !== ']') {
      items.push(this.#value(depth + 1))
      this.#newlines()
      if (this.#peek().kind === ']') break
      this.#comma(open)
      this.#newlines()
    }
    this.#next++
    return { kind: 'list', items, at: open.at }
  }

  #comma(open: Token) {
    const token = this.#take()
    if (token.kind === ',') return
    if (isPython(token)) throw pythonExpression(token)
    const start = `the list that begins in line ${open.at.line}`
    if (token.kind === 'end') throw new SyntaxMistake(token, `${start} does not end`, 'add "]"')
    const fix = token.kind === 'string' || token.kind === 'number' ? 'put a comma between the items' : undefined
    throw new SyntaxMistake(token, `expected "," or "]" in ${start}, not ${shown(token)}`, token.fix ?? fix)
  }

  #newlines() {
    while (this.#peek().kind === 'newline') this.#next++
  }

  #noOperator(key: Token, found: Token): SyntaxMistake {
    // The line that was broken off is skipped from where the parser stands, so a newline must not be taken with it.
    if (found.kind === 'newline') this.#next--
    if (PYTHON_STATEMENTS.has(key.text)) {
      return new SyntaxMistake(
        key,
        'this is Python code, which no xl has read since Xen 4.2',
        'write plain KEY = VALUE lines',
      )
    }
    if (found.kind === 'bad' && found.problem !== undefined) return new SyntaxMistake(found, found.problem, found.fix)
    return new SyntaxMistake(found, `expected "=" after ${shown(key)}, not ${shown(found)}`)
  }

  #unexpected(token: Token, wanted: string): SyntaxMistake {
    if (token.kind === 'newline') this.#next--
    if (token.kind === 'bad' && token.problem !== undefined) return new SyntaxMistake(token, token.problem, token.fix)
    return new SyntaxMistake(token, `expected ${wanted}, not ${shown(token)}`)
  }
}

/** Reads a whole definition. Never throws: what is wrong is in `mistakes`, each with its place. */
export function parseConfig(text: string, file: string, limits: ParseLimits = parseLimits): Parsed {
  if (text.length > limits.maxLength) {
    const message = `the definition is longer than ${limits.maxLength} characters`
    return { settings: [], warnings: [], mistakes: [{ kind: 'syntax', where: { file, line: 1, column: 1 }, message }] }
  }
  const { tokens, remarks } = tokenize(text)
  const parser = new Parser(tokens, limits)
  parser.parse()
  return {
    settings: parser.settings,
    warnings: remarks.map(({ at, message, fix }) => ({ where: { file, ...at }, message, fix })),
    mistakes: parser.mistakes.map(({ at, message, fix }) => ({ kind: 'syntax', where: { file, ...at }, message, fix })),
  }
}
