/**
 * Splits a GRUB script into words and punctuation, as GRUB's own scanner does (GNU GRUB Manual, "Shell-like scripting";
 * its quoting, comments, escapes and line joins). Variables stay unexpanded: their value is known when a word is used.
 */

/** A piece of a word. `isQuoted` pieces are neither split at blanks nor dropped when empty. */
export type WordPart =
  | { readonly kind: 'text'; readonly value: string; readonly isQuoted: boolean }
  | { readonly kind: 'variable'; readonly name: string; readonly isQuoted: boolean }

export interface Word {
  readonly parts: readonly WordPart[]
  readonly line: number
}

export type Punctuation = '{' | '}' | ';' | '\n' | '|' | '||' | '&' | '&&' | '<' | '>'

export type Token =
  | { readonly kind: 'word'; readonly word: Word; readonly line: number }
  | { readonly kind: 'punctuation'; readonly text: Punctuation; readonly line: number }
  | { readonly kind: 'broken'; readonly why: string; readonly line: number }

const VARIABLE = /\$(?:\{([A-Za-z0-9_?#@*]+)\}|([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[?#@*]))/y
const PLAIN = /[^\s{}|&;<>$'"\\]+/y
const IN_DOUBLE_QUOTES = /[^"$\\]+/y

/** All tokens of a script, ending where the text ends or where a quote is never closed. */
export function tokenize(script: string): Token[] {
  return new Scanner(script).tokens()
}

class Scanner {
  readonly #text: string
  #at = 0
  #line = 1

  constructor(text: string) {
    this.#text = text.replace(/\r\n/g, '\n')
  }

  tokens(): Token[] {
    const tokens: Token[] = []
    for (let token = this.#next(); token !== null; token = this.#next()) {
      tokens.push(token)
      if (token.kind === 'broken') break
    }
    return tokens
  }

  #next(): Token | null {
    this.#skipBlanks()
    const line = this.#line
    const character = this.#text[this.#at]
    if (character === undefined) return null
    const pair = this.#text.slice(this.#at, this.#at + 2)
    const text = pair === '&&' || pair === '||' ? pair : character
    if (isPunctuation(text)) {
      this.#at += text.length
      if (text === '\n') this.#line++
      return { kind: 'punctuation', text, line }
    }
    return this.#word(line)
  }

  /** Blanks, joined lines and comments; a comment begins only where a word could. */
  #skipBlanks(): void {
    for (;;) {
      const character = this.#text[this.#at]
      if (character === '#') {
        const end = this.#text.indexOf('\n', this.#at)
        this.#at = end < 0 ? this.#text.length : end
      } else if (character === '\\' && this.#text[this.#at + 1] === '\n') {
        this.#at += 2
        this.#line++
      } else if (character !== undefined && character !== '\n' && /\s/.test(character)) {
        this.#at++
      } else {
        return
      }
    }
  }

  #word(line: number): Token {
    const parts: WordPart[] = []
    for (;;) {
      const character = this.#text[this.#at]
      if (character === undefined || /\s/.test(character) || isPunctuation(character)) break
      const problem = this.#piece(character, parts)
      if (problem !== null) return { kind: 'broken', why: problem, line }
    }
    return { kind: 'word', word: { parts, line }, line }
  }

  /** Reads one piece of a word; returns what is wrong with it. */
  #piece(character: string, parts: WordPart[]): string | null {
    if (character === "'") {
      const end = this.#text.indexOf("'", this.#at + 1)
      if (end < 0) return "a quote (') that is not closed"
      this.#pushText(parts, this.#text.slice(this.#at + 1, end), true)
      this.#at = end + 1
    } else if (character === '"') {
      return this.#doubleQuoted(parts)
    } else if (character === '$') {
      this.#dollar(parts, false)
    } else if (character === '\\') {
      const escaped = this.#text[this.#at + 1] ?? ''
      this.#at += 2
      if (escaped === '\n') this.#line++
      else parts.push({ kind: 'text', value: escaped, isQuoted: true })
    } else {
      this.#pushText(parts, this.#match(PLAIN)?.[0] ?? character, false)
    }
    return null
  }

  #doubleQuoted(parts: WordPart[]): string | null {
    this.#at++
    parts.push({ kind: 'text', value: '', isQuoted: true })
    for (;;) {
      const character = this.#text[this.#at]
      if (character === undefined) return 'a quote (") that is not closed'
      if (character === '"') break
      if (character === '$') {
        this.#dollar(parts, true)
      } else if (character === '\\') {
        const escaped = this.#text[this.#at + 1] ?? ''
        this.#at += 2
        if (escaped === '\n') this.#line++
        else this.#append(parts, '$"\\'.includes(escaped) ? escaped : `\\${escaped}`)
      } else {
        this.#append(parts, this.#match(IN_DOUBLE_QUOTES)?.[0] ?? '')
      }
    }
    this.#at++
    return null
  }

  #dollar(parts: WordPart[], isQuoted: boolean): void {
    const match = this.#match(VARIABLE)
    const name = match?.[1] ?? match?.[2]
    if (name !== undefined) parts.push({ kind: 'variable', name, isQuoted })
    else if (isQuoted) this.#append(parts, '$')
    else parts.push({ kind: 'text', value: '$', isQuoted })
    if (match === null) this.#at++
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) return null
    if (pattern !== VARIABLE) this.#countLines(match[0])
    this.#at += match[0].length
    return match
  }

  #pushText(parts: WordPart[], value: string, isQuoted: boolean): void {
    if (isQuoted) this.#countLines(value)
    parts.push({ kind: 'text', value, isQuoted })
  }

  #append(parts: WordPart[], value: string): void {
    parts.push({ kind: 'text', value, isQuoted: true })
  }

  #countLines(text: string): void {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#line++
  }
}

const PUNCTUATION: ReadonlySet<string> = new Set(['{', '}', ';', '\n', '|', '||', '&', '&&', '<', '>'])
const isPunctuation = (text: string): text is Punctuation => PUNCTUATION.has(text)
