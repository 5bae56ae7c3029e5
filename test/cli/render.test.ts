import { describe, expect, test } from 'vitest'
import { brakeText, cpuTime, modeText } from '../../src/cli/render/guest-words.ts'
import { type Column, renderTable } from '../../src/cli/render/table.ts'
import { labelled, wrap } from '../../src/words/wrap.ts'
import type { ConfiguredMode, ModeName } from '../../src/words/mode-names.ts'

const plain = (_paint: unknown, text: string) => text

describe('a table', () => {
  interface Row {
    readonly name: string
    readonly size: number
  }
  const columns: readonly Column<Row>[] = [
    { title: 'NAME', value: ({ name }) => name, shrinks: true },
    { title: 'SIZE', value: ({ size }) => String(size), align: 'right' },
  ]

  test('is as wide as its cells', () => {
    const rows = [
      { name: 'web', size: 7 },
      { name: 'database', size: 1024 },
    ]
    expect(renderTable(columns, rows, { width: Infinity, color: plain })).toEqual([
      'NAME      SIZE',
      'web          7',
      'database  1024',
    ])
  })

  test('shortens what may be shortened', () => {
    const rows = [{ name: 'a-very-long-name', size: 1 }]
    expect(renderTable(columns, rows, { width: 14, color: plain })).toEqual(['NAME      SIZE', 'a-very-…     1'])
  })

  test('counts what one sees, not how it is written', () => {
    const rows = [{ name: 'cafe\u0301', size: 1 }]
    expect(renderTable(columns, rows, { width: 80, color: plain })[1]).toBe('cafe\u0301     1')
  })
})

test('text is broken between words', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
  expect(wrap('unbreakable word', 4)).toEqual(['unbreakable', 'word'])
  expect(labelled('fix', 'one two three', { indent: 2, labelWidth: 5, width: 16 })).toBe(
    '  fix    one two\n         three',
  )
})

test.each([
  [0, '0.0s'],
  [59.94, '59.9s'],
  [60, '1m00s'],
  [3599, '59m59s'],
  [3600, '1h00m'],
  [90_000, '1d01h'],
])('%d seconds are %s', (seconds, text) => {
  expect(cpuTime(seconds)).toBe(text)
})

test.each<[ConfiguredMode | null, ModeName | null, ModeName | null, string]>([
  ['pvh', null, null, 'pvh'],
  ['pvh', 'pvh', 'pvh', 'pvh'],
  ['pvhvm', 'pvhvm', 'hvm', 'pvhvm→hvm'],
  ['auto', 'pvh', null, 'auto→pvh'],
  ['auto', null, null, 'auto'],
  [null, null, 'pv', 'pv'],
  [null, null, null, '?'],
])('configured %s, chosen %s, observed %s is %4$s', (configured, chosen, observed, text) => {
  expect(
    modeText({
      managed: configured !== null,
      mode: { configured, chosen, observed, evidence: [], differs: false, lastSeen: null },
    }),
  ).toBe(text)
})

test('a guest that crashed is told to be back only when it is', () => {
  const brake = { crashes: 2, restartsAt: '2026-01-01T00:00:10.000Z' }
  const told = (state: 'running' | 'crashed', at: string) => brakeText({ name: 'web', state, brake }, Date.parse(at))
  expect(told('crashed', '2026-01-01T00:00:06.500Z')).toBe('web crashed 2 times and restarts in 4 s')
  expect(told('crashed', '2026-01-01T00:01:00.000Z')).toContain('has not come back yet')
  expect(told('running', '2026-01-01T00:01:00.000Z')).toBe('web crashed 2 times and was restarted')
})
