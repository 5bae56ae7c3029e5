/**
 * xl.cfg text to tokens, as xl's own scanner cuts them (Xen tools/libs/util/libxlu_cfg_l.l), every token with its place.
 * What xl's scanner refuses becomes a `bad` token with a sentence; what only people's editors add (a byte order mark,
 * carriage returns, Python's True and False, a last comment without a newline) is understood and reported.
 */
import type { Position } from './source.ts'
import { unquote } from './unquote.ts'

export type TokenKind = 'word' | 'number' | 'string' | '[' | ']' | ',' | ';' | '=' | '+=' | 'newline' | 'end' | 'bad'

export interface Token {
  readonly kind: TokenKind
  /** The token's meaning: a string without its quotes and escapes; of a bad token the text as written. */
  readonly text: string
  readonly at: Position
  /** Why a bad token is bad. */
  readonly problem?: string
  readonly fix?: string
}

export interface Remark {
  readonly at: Position
  readonly message: string
  readonly fix?: string | undefined
}

export interface Tokens {
  readonly tokens: readonly Token[]
  readonly remarks: readonly Remark[]
}

const WORD = /[a-z][._0-9a-z]*/y
const NUMBER = /[0-9][0-9a-fx]*/y
const STRING = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/y
const PYTHON_WORD = /[A-Za-z_][A-Za-z0-9_]*/y
const JUNK = /[^\s,;#[\]=]+/y
const COMMENT = /#[^\n]*/y
const BYTE_ORDER_MARK = '\ufeff'
const PUNCTUATION = new Set(['[', ']', ',', ';', '='] as const)
type Punctuation = typeof PUNCTUATION extends Set<infer T> ? T : never
const isPunctuation = (char: string): char is Punctuation => (PUNCTUATION as ReadonlySet<string>).has(char)

class Scanner {
  readonly tokens: Token[] = []
  readonly remarks: Remark[] = []
  readonly #text: string
  #offset = 0
  #line = 1
  #lineStart = 0
  #sawCarriageReturn = false

  constructor(text: string) {
    this.#text = text
  }

  scan(): Tokens {
    this.#skipByteOrderMark()
    while (this.#offset < this.#text.length) this.#next()
    this.#push('end', '')
    return this
  }

  get #at(): Position {
    return { line: this.#line, column: this.#offset - this.#lineStart + 1 }
  }

  #push(kind: TokenKind, text: string, length = text.length) {
    this.tokens.push({ kind, text, at: this.#at })
    this.#offset += length
  }

  #bad(text: string, problem: string, fix?: string) {
    this.tokens.push({ kind: 'bad', text, at: this.#at, problem, ...(fix !== undefined && { fix }) })
    this.#offset += text.length
  }

  #remark(message: string, fix?: string) {
    this.remarks.push({ at: this.#at, message, fix })
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset
    return pattern.exec(this.#text)?.[0]
  }

  #skipByteOrderMark() {
    if (!this.#text.startsWith(BYTE_ORDER_MARK)) return
    this.#remark('the file begins with a byte order mark, which xl refuses', 'save it as UTF-8 without one')
    this.#offset = this.#lineStart = 1
  }

  #next() {
    const char = this.#text.charAt(this.#offset)
    if (char === ' ' || char === '\t') this.#offset++
    else if (char === '\n') this.#newline()
    else if (char === '\r' && this.#text[this.#offset + 1] === '\n') this.#carriageReturn()
    else if (char === '#') this.#comment()
    else if (isPunctuation(char)) this.#push(char, char)
    else if (this.#text.startsWith('+=', this.#offset)) this.#push('+=', '+=')
    else if (char === "'" || char === '"') this.#string(char)
    else this.#wordOrNumber()
  }

  #newline() {
    this.#push('newline', '\n')
    this.#line++
    this.#lineStart = this.#offset
  }

  #carriageReturn() {
    if (!this.#sawCarriageReturn) this.#remark('lines end in CR LF, which xl refuses', 'convert the file with dos2unix')
    this.#sawCarriageReturn = true
    this.#offset++
  }

  #comment() {
    const comment = this.#match(COMMENT) ?? ''
    if (this.#offset + comment.length === this.#text.length) {
      this.#remark('the last line is a comment without a newline, which xl refuses', 'end the file with a newline')
    }
    // A carriage return inside the comment belongs to the comment for xl too, so nothing is said about it.
    this.#offset += comment.length
  }

  #string(quote: string) {
    const raw = this.#match(STRING)
    if (raw === undefined) {
      const rest = this.#text.slice(this.#offset).split('\n', 1)[0] ?? quote
      this.#bad(
        rest.trimEnd(),
        `a string that begins with ${quote} does not end on its line`,
        `add the closing ${quote}`,
      )
      return
    }
    const { text, problem, remark } = unquote(raw)
    if (problem !== undefined) {
      this.#bad(raw, problem)
      return
    }
    if (remark !== undefined) this.#remark(remark)
    if (text.includes('\ufffd')) this.#remark('this string holds bytes that are no UTF-8', 'save the file as UTF-8')
    this.#push('string', text, raw.length)
  }

  #wordOrNumber() {
    const word = this.#match(WORD)
    if (word !== undefined) {
      this.#push('word', word)
      return
    }
    const number = this.#match(NUMBER)
    if (number !== undefined) {
      this.#push('number', number)
      return
    }
    this.#unknown()
  }

  #unknown() {
    const word = this.#match(PYTHON_WORD)
    if (word === 'True' || word === 'False') {
      const digit = word === 'True' ? '1' : '0'
      this.#remark(`${word} is Python, and xl refuses it`, `write ${digit}`)
      this.#push('number', digit, word.length)
      return
    }
    const junk = this.#match(JUNK) ?? this.#text.charAt(this.#offset)
    if (word !== undefined)
      this.#bad(junk, 'words in upper case are not part of xl.cfg', 'keys are in lower case, texts in quotes')
    else if (/^-\d/.test(junk)) this.#bad(junk, 'a number cannot be negative here', `put it in quotes: "${junk}"`)
    else this.#bad(junk, `unexpected ${JSON.stringify(junk)}`)
  }
}

/** Cuts a whole text into tokens; the last one is `end`. Never throws. */
export function tokenize(text: string): Tokens {
  return new Scanner(text).scan()
}
