import { describe, expect, test } from 'vitest'
import { tokenize } from '../../src/config/lexer.ts'
import { longOf } from '../../src/config/numbers.ts'
import { unquote } from '../../src/config/unquote.ts'

const shown = (text: string) =>
  tokenize(text).tokens.map(({ kind, text: word, at }) => `${at.line}:${at.column} ${kind} ${JSON.stringify(word)}`)

describe('a text is cut into tokens with their places', () => {
  test('of every kind', () => {
    expect(shown('a_1.b += [ "x", 0x1f ] # c\n;')).toEqual([
      '1:1 word "a_1.b"',
      '1:7 += "+="',
      '1:10 [ "["',
      '1:12 string "x"',
      '1:15 , ","',
      '1:17 number "0x1f"',
      '1:22 ] "]"',
      '1:27 newline "\\n"',
      '2:1 ; ";"',
      '2:2 end ""',
    ])
  })

  test('a number that runs into a word is two tokens', () => {
    expect(shown('512m')).toEqual(['1:1 number "512"', '1:4 word "m"', '1:5 end ""'])
  })

  test('what is no token is bad, with a reason', () => {
    const [bad] = tokenize('Memory').tokens
    expect(bad).toMatchObject({ kind: 'bad', problem: 'words in upper case are not part of xl.cfg' })
  })
})

describe('a quoted string', () => {
  test.each([
    [String.raw`'a\'b\\c\n'`, "a'b\\c\n"],
    [String.raw`"a\"b"`, 'a"b'],
    [String.raw`'a\101b'`, 'ab'],
    [String.raw`'a\1012b'`, 'ab'],
  ])('%s', (raw, text) => expect(unquote(raw).text).toBe(text))

  test.each([String.raw`'\x41'`, String.raw`'\q'`, String.raw`'\1'`])('%s is refused', (raw) => {
    expect(unquote(raw).problem).toBeDefined()
  })
})

test.each([
  ['512', 512],
  ['0x1F', 31],
  ['010', 8],
  [' -5', -5],
  ['08', undefined],
  ['12m', undefined],
  ['', undefined],
])('%j as a number is %s', (text, number) => expect(longOf(text)).toBe(number))
