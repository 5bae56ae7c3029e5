import fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapeControl, plainLines } from '../../src/words/escape-control.ts'

test.each([
  ['plain Käse 奶酪', 'plain Käse 奶酪'],
  ['a\nb\r\tc', String.raw`a\nb\r\tc`],
  ['\x1b[2J\x07\x7f\x9b', String.raw`\x1b[2J\x07\x7f\x9b`],
  ['admin\u202egnp.exe', String.raw`admin\u{202e}gnp.exe`],
  ['one\u2028two', String.raw`one\u{2028}two`],
  ['\ud800', '\ufffd'],
])('%j is shown as %j', (text, shown) => {
  expect(escapeControl(text)).toBe(shown)
})

test('nothing unprintable is left of any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(escapeControl(text)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
      expect(plainLines(text).join('')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
    }),
  )
})

test('lines lose their colours and their ends', () => {
  expect(plainLines('\x1b[1;32m[ OK ]\x1b[0m done\r\n\tnext')).toEqual(['[ OK ] done', '    next'])
})
