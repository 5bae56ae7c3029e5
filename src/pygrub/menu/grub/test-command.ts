import { entryOf } from '../../../words/entry-of.ts'

/** What `test` and `[` may ask about files, answered by whoever knows the disks. */
export interface FileTests {
  exists(path: string): boolean
  isDirectory(path: string): boolean
  /** Bytes; null when there is no such file. */
  size(path: string): number | null
}

const number = (text: string): number => Number.parseInt(/^\s*-?\d+/.exec(text)?.[0] ?? '0', 10)

/** Compares texts and numbers, as GRUB's test command does (GNU GRUB Manual, "test"). */
const COMPARISONS: Readonly<Record<string, (left: string, right: string) => boolean>> = {
  '=': (left, right) => left === right,
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '-eq': (left, right) => number(left) === number(right),
  '-ne': (left, right) => number(left) !== number(right),
  '-lt': (left, right) => number(left) < number(right),
  '-le': (left, right) => number(left) <= number(right),
  '-gt': (left, right) => number(left) > number(right),
  '-ge': (left, right) => number(left) >= number(right),
}

const QUESTIONS: Readonly<Record<string, (operand: string, files: FileTests) => boolean>> = {
  '-n': (text) => text !== '',
  '-z': (text) => text === '',
  '-d': (path, files) => files.isDirectory(path),
  '-e': (path, files) => files.exists(path),
  '-f': (path, files) => files.exists(path) && !files.isDirectory(path),
  '-s': (path, files) => (files.size(path) ?? 0) > 0,
}

/** The value of a test expression; null when it cannot be understood. `-a` binds closer than `-o`. */
export function evaluateTest(words: readonly string[], files: FileTests): boolean | null {
  if (words.length === 0) return false
  const expression = new Expression(words, files)
  const value = expression.either()
  return expression.isAtEnd() ? value : null
}

/** Parentheses and negations in one another. */
const MAX_DEPTH = 64

class Expression {
  readonly #words: readonly string[]
  readonly #files: FileTests
  #at = 0
  #depth = 0

  constructor(words: readonly string[], files: FileTests) {
    this.#words = words
    this.#files = files
  }

  isAtEnd(): boolean {
    return this.#at === this.#words.length
  }

  either(): boolean | null {
    let value = this.#both()
    while (value !== null && this.#words[this.#at] === '-o') {
      this.#at++
      const next = this.#both()
      value = next === null ? null : value || next
    }
    return value
  }

  #both(): boolean | null {
    let value = this.#primary()
    while (value !== null && this.#words[this.#at] === '-a') {
      this.#at++
      const next = this.#primary()
      value = next === null ? null : value && next
    }
    return value
  }

  #primary(): boolean | null {
    const [word, second, third] = this.#words.slice(this.#at, this.#at + 3)
    if (word === undefined || this.#depth > MAX_DEPTH) return null
    const comparison = second === undefined ? undefined : entryOf(COMPARISONS, second)
    if (comparison !== undefined && third !== undefined) {
      this.#at += 3
      return comparison(word, third)
    }
    if (word === '!' || word === '(') return this.#nested(word)
    const question = entryOf(QUESTIONS, word)
    if (question !== undefined && second !== undefined) {
      this.#at += 2
      return question(second, this.#files)
    }
    this.#at++
    return word !== ''
  }

  #nested(opening: '!' | '('): boolean | null {
    this.#at++
    this.#depth++
    const value = opening === '!' ? this.#primary() : this.either()
    this.#depth--
    if (opening === '!') return value === null ? null : !value
    return this.#words[this.#at++] === ')' ? value : null
  }
}
