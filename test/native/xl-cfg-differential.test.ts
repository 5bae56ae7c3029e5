/**
 * Hundreds of definitions against what xl 4.17 makes of them (test/config/corpus). The recording is checked against the
 * xl of a real dom0 in test/lab/xl-cfg-differential.test.ts.
 */
import { describe, expect, test } from 'vitest'
import { judge, recorded, recordingHost } from '../config/corpus/differential.ts'
import { snippets } from '../config/corpus/snippets.ts'

describe('against xl 4.17', () => {
  test('every definition was recorded', () => {
    expect(snippets.filter(({ name }) => !recorded.has(name))).toEqual([])
    expect(snippets.length).toBeGreaterThan(300)
  })

  test('libxl would be given the same, but for what is meant to differ', () => {
    const unexplained = snippets.flatMap(({ name, text }) =>
      judge(text, recorded.get(name) ?? null, recordingHost).map((difference) => `${name}: ${difference}`),
    )
    expect(unexplained).toEqual([])
  })
})
