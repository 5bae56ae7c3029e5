/**
 * Hundreds of definitions against what xl 4.17 makes of them (test/config/corpus). The recording is checked against the
 * xl of a real dom0 in test/lab/xl-cfg-differential.test.ts.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/libxl/requests.ts'
import { judge, recordingHost } from '../config/corpus/differential.ts'
import { snippets } from '../config/corpus/snippets.ts'

const recording = new URL('../config/corpus/xl-4.17.json', import.meta.url)
const recorded = JSON.parse(readFileSync(recording, 'utf8')) as Record<string, JsonObject | null>

describe('against xl 4.17', () => {
  test('every definition was recorded', () => {
    expect(snippets.filter(({ name }) => !(name in recorded))).toEqual([])
    expect(snippets.length).toBeGreaterThan(300)
  })

  test('libxl would be given the same, but for what is meant to differ', () => {
    const unexplained = snippets.flatMap(({ name, text }) =>
      judge(text, recorded[name] ?? null, recordingHost).map((difference) => `${name}: ${difference}`),
    )
    expect(unexplained).toEqual([])
  })
})
