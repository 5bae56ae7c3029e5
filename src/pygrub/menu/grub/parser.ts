import { type Punctuation, type Token, tokenize, type Word } from './lexer.ts'

/** A GRUB script as a tree. A block is what stands between `{` and `}`, `then` and `fi`, `do` and `done`. */
export type Block = readonly Command[]

export type Command =
  | { readonly kind: 'simple'; readonly words: readonly Word[]; readonly block: Block | null; readonly line: number }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: Block; readonly line: number }
  | {
      readonly kind: 'for'
      readonly variable: string
      readonly words: readonly Word[]
      readonly body: Block
      readonly line: number
    }
  | {
      readonly kind: 'loop'
      readonly runs: 'while' | 'until'
      readonly condition: Block
      readonly body: Block
      readonly line: number
    }
  | { readonly kind: 'function'; readonly name: string; readonly body: Block; readonly line: number }

interface Branch {
  readonly condition: Block
  readonly body: Block
}

export interface Script {
  readonly block: Block
  /** Lines that cannot be understood, in order; like GRUB, reading goes on after each. */
  readonly problems: readonly { readonly line: number; readonly why: string }[]
}

/** Blocks in blocks; real menus have three. */
const MAX_DEPTH = 64

class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

/** Reads a script. Never throws: what cannot be understood is listed, and reading goes on at the next line. */
export function parseScript(text: string): Script {
  const parser = new Parser(tokenize(text))
  const block: Command[] = []
  const problems: { line: number; why: string }[] = []
  while (parser.hasMore()) {
    const line = parser.line()
    try {
      const command = parser.command()
      if (command !== null) block.push(command)
    } catch (thrown) {
      if (!(thrown instanceof Unreadable)) throw thrown
      problems.push({ line, why: thrown.message })
      parser.skipLine()
    }
  }
  return { block, problems }
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  /** Skips separators; false where nothing follows them. */
  hasMore(): boolean {
    while (this.#isPunctuation('\n', ';')) this.#at++
    return !this.#isAtEnd()
  }

  line(): number {
    return this.#tokens[this.#at]?.line ?? this.#tokens.at(-1)?.line ?? 1
  }

  skipLine(): void {
    while (!this.#isAtEnd() && !this.#isPunctuation('\n')) this.#at++
  }

  /** The next command; null where only separators are left. Throws Unreadable. */
  command(): Command | null {
    while (this.#isPunctuation('\n', ';')) this.#at++
    const token = this.#tokens[this.#at]
    if (token === undefined) return null
    if (token.kind === 'broken') throw new Unreadable(token.why)
    if (token.kind === 'punctuation') {
      this.#at++
      throw new Unreadable(`"${token.text}" makes no sense here`)
    }
    const { line } = token
    const reserved = reservedWord(token.word)
    switch (reserved) {
      case 'if':
        return this.#if(line)
      case 'for':
        return this.#for(line)
      case 'while':
        return this.#loop('while', line)
      case 'until':
        return this.#loop('until', line)
      case 'function':
        return this.#function(line)
      case null:
        return this.#simple(line)
      default:
        this.#at++
        throw new Unreadable(`"${reserved}" makes no sense here`)
    }
  }

  #isAtEnd(): boolean {
    return this.#at >= this.#tokens.length
  }

  #isPunctuation(...texts: Punctuation[]): boolean {
    const token = this.#tokens[this.#at]
    return token?.kind === 'punctuation' && texts.includes(token.text)
  }

  #isReserved(...texts: string[]): boolean {
    const token = this.#tokens[this.#at]
    return token?.kind === 'word' && texts.includes(reservedWord(token.word) ?? '')
  }

  #expect(text: string): void {
    if (!this.#isReserved(text)) throw new Unreadable(`"${text}" is missing`)
    this.#at++
  }

  /** Commands up to one of the closing words, which is left unread. */
  #until(...closing: string[]): Block {
    return this.#nested(() => this.#isReserved(...closing), closing.join('" or "'))
  }

  #braces(): Block {
    this.#at++
    const block = this.#nested(() => this.#isPunctuation('}'), '}')
    this.#at++
    return block
  }

  #nested(isClosed: () => boolean, closing: string): Block {
    if (++this.#depth > MAX_DEPTH) throw new Unreadable('too many blocks in blocks')
    const block: Command[] = []
    for (;;) {
      while (this.#isPunctuation('\n', ';')) this.#at++
      if (isClosed()) break
      if (this.#isAtEnd()) throw new Unreadable(`"${closing}" is missing`)
      const command = this.command()
      if (command !== null) block.push(command)
    }
    this.#depth--
    if (block.length === 0) throw new Unreadable(`there is no command before "${closing}"`)
    return block
  }

  #if(line: number): Command {
    const branches: Branch[] = []
    let otherwise: Block = []
    do {
      this.#at++
      const condition = this.#until('then')
      this.#expect('then')
      branches.push({ condition, body: this.#until('elif', 'else', 'fi') })
    } while (this.#isReserved('elif'))
    if (this.#isReserved('else')) {
      this.#at++
      otherwise = this.#until('fi')
    }
    this.#expect('fi')
    return { kind: 'if', branches, otherwise, line }
  }

  #for(line: number): Command {
    this.#at++
    const variable = this.#plainWord('a variable')
    this.#expect('in')
    const words = this.#words()
    return { kind: 'for', variable, words, body: this.#doBody(), line }
  }

  #loop(runs: 'while' | 'until', line: number): Command {
    this.#at++
    const condition = this.#until('do')
    return { kind: 'loop', runs, condition, body: this.#doBody(), line }
  }

  #doBody(): Block {
    while (this.#isPunctuation('\n', ';')) this.#at++
    this.#expect('do')
    const body = this.#until('done')
    this.#expect('done')
    return body
  }

  #function(line: number): Command {
    this.#at++
    const name = this.#plainWord('a function name')
    while (this.#isPunctuation('\n')) this.#at++
    if (!this.#isPunctuation('{')) throw new Unreadable('"{" is missing')
    const body = this.#braces()
    const last = this.#tokens[this.#at - 2]
    // Unlike the blocks of entries (GRUB grub-core/script/parser.y).
    if (last?.kind !== 'punctuation' || last.text === '}')
      throw new Unreadable(`";" or a new line is missing before the "}" of the function ${name}`)
    return { kind: 'function', name, body, line }
  }

  #plainWord(what: string): string {
    const token = this.#tokens[this.#at]
    const name = token?.kind === 'word' ? plainText(token.word) : null
    if (name === null) throw new Unreadable(`${what} is missing`)
    this.#at++
    return name
  }

  #words(): Word[] {
    const words: Word[] = []
    for (let token = this.#tokens[this.#at]; token?.kind === 'word'; token = this.#tokens[this.#at]) {
      words.push(token.word)
      this.#at++
    }
    return words
  }

  #simple(line: number): Command {
    const words = this.#words()
    const block = this.#isPunctuation('{') ? this.#braces() : null
    const token = this.#tokens[this.#at]
    if (token?.kind === 'broken') throw new Unreadable(token.why)
    if (token?.kind === 'punctuation' && !['\n', ';', '}'].includes(token.text)) {
      throw new Unreadable(`"${token.text}" is not supported by GRUB's scripts`)
    }
    return { kind: 'simple', words, block, line }
  }
}

const plainText = (word: Word): string | null => {
  const [only, more] = word.parts
  return more === undefined && only?.kind === 'text' && !only.isQuoted ? only.value : null
}

const RESERVED: ReadonlySet<string> = new Set([
  ...['if', 'then', 'elif', 'else', 'fi', 'for', 'in', 'while', 'until', 'do', 'done', 'function'],
])

function reservedWord(word: Word): string | null {
  const text = plainText(word)
  return text !== null && RESERVED.has(text) ? text : null
}
