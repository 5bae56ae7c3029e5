import { describe, expect, test } from 'vitest'
import { WorkerLog, lineSplitter, logLine } from '../../src/libxl/worker-log.ts'

describe('the level of a line', () => {
  test.each([
    ['libxl: error: libxl_create.c:1:f: Domain 3:no', 'error'],
    ['xc: error: panic: xg_dom_core.c:205: failed', 'error'],
    ['libxl: critical: x', 'error'],
    ['libxl: warning: x', 'warn'],
    ['libxl: notice: x', 'info'],
    ['domainbuilder: detail: x', 'debug'],
    ['libxl: debug: error: x', 'debug'],
    ['malloc(): corrupted top size', 'warn'],
    ['', 'warn'],
  ] as const)('%j is %s', (text, level) => {
    expect(logLine(text)).toEqual({ level, text })
  })
})

test('lines come whole, however the bytes were cut', () => {
  const lines: string[] = []
  const feed = lineSplitter((line) => lines.push(line))
  for (const chunk of ['on', 'e\ntw', 'o\n\nth', 'ree']) feed(chunk)
  expect(lines).toEqual(['one', 'two', ''])
  feed('\n')
  expect(lines).toEqual(['one', 'two', '', 'three'])
})

test('a line that never ends costs no memory', () => {
  const lines: string[] = []
  const feed = lineSplitter((line) => lines.push(line))
  for (let turn = 0; turn < 100; turn += 1) feed('x'.repeat(1000))
  feed('\n')
  expect(lines.map(({ length }) => length)).toEqual([2000])
})

describe('the evidence', () => {
  const logOf = (...texts: readonly string[]): WorkerLog => {
    const log = new WorkerLog(20)
    for (const text of texts) log.add(logLine(text))
    return log
  }

  test('is what libxl complained about', () => {
    expect(logOf('libxl: debug: a', 'libxl: error: b', 'libxl: debug: c').complaints()).toEqual(['libxl: error: b'])
  })

  test('keeps the first complaints, whatever comes after them', () => {
    const later = Array.from({ length: 300 }, (_, index) => `libxl: debug: ${index}`)
    expect(logOf('libxl: error: first', ...later).complaints()).toEqual(['libxl: error: first'])
  })

  test('is the last lines when libxl did not complain, or the worker died', () => {
    const log = logOf(...Array.from({ length: 300 }, (_, index) => `libxl: debug: ${index}`))
    expect(log.complaints()).toEqual(log.last())
    expect(log.last()).toHaveLength(20)
    expect(log.last().at(-1)).toBe('libxl: debug: 299')
  })
})
