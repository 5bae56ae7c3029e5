import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lintGuest } from '../../src/config/lint/lint.ts'
import { keyTable } from '../../src/config/keys/table.ts'
import { examineGuest } from '../../src/config/load.ts'
import { writeGuest } from '../../src/config/write.ts'
import { hostileDefinition } from './hostile-definitions.ts'

/** FUZZ_RUNS=100000 for the long run. */
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 2000)
const options = { file: 'a.cfg' }

describe('whatever the text is', { timeout: 20_000 + numRuns * 10 }, () => {
  test('it loads or is refused, and every mistake and warning has a place in it', () => {
    const property = fc.property(hostileDefinition, (text) => {
      const { spec, mistakes, warnings } = examineGuest(text, options)
      expect(spec === undefined).toBe(mistakes.length > 0)
      const lines = text.split('\n')
      for (const { where, message } of [...mistakes, ...warnings]) {
        const line = lines[where.line - 1]
        expect(message).not.toBe('')
        expect(line).toBeDefined()
        expect(where.column).toBeGreaterThanOrEqual(1)
        expect(where.column).toBeLessThanOrEqual((line?.length ?? 0) + 1)
      }
    })
    fc.assert(property, { numRuns })
  })

  test('what loads can be linted, and written so that it loads again', () => {
    const property = fc.property(hostileDefinition, (text) => {
      const { spec } = examineGuest(text, options)
      lintGuest(text, options)
      if (spec === undefined) return
      const again = examineGuest(writeGuest(spec), options)
      expect(again.mistakes).toEqual([])
      expect(again.spec).toEqual(spec)
    })
    fc.assert(property, { numRuns })
  })
})

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  '%s is a word like others, in every key',
  (word) => {
    for (const key of [...keyTable.keys(), word]) {
      for (const value of [`"${word}"`, `["${word}"]`, `["${word}=1"]`, `["${word}=1,a"]`, `[["${word}=1"]]`]) {
        const text = `name = "a"\ntype = "hvm"\nmemory = 64\n${key} = ${value}\n`
        expect(() => lintGuest(text, options), text).not.toThrow()
        const { spec, mistakes } = examineGuest(text, options)
        if (spec === undefined) expect(mistakes.length, text).toBeGreaterThan(0)
        else expect(examineGuest(writeGuest(spec), options).spec, text).toEqual(spec)
      }
    }
  },
)

/** Processor time of this thread, for the machine may be busy with other things. Milliseconds. */
function cost(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

const disks = Array.from(
  { length: 8 },
  (_, index) => `  "format=qcow2,vdev=xvd${'abcdefgh'.charAt(index)},target=/srv/${index}.img",`,
)
const ordinary = `name = "web"\ntype = "hvm"\nmemory = 1024\nvcpus = 4\ndisk = [\n${disks.join('\n')}\n]\nvif = [ "mac=00:16:3e:00:00:01,bridge=xenbr0" ]\n# a comment\non_crash = "restart"\n`

/** What this machine takes for ordinary definitions, which `node bench/definitions.ts` shows in milliseconds. */
const loading = (count: number) => () => {
  for (let loaded = 0; loaded < count; loaded++) examineGuest(ordinary, options)
}

describe('size', { timeout: 60_000 }, () => {
  loading(200)()

  test('ten times the definitions take about ten times as long, not a hundred times', () => {
    const least = (count: number) => Math.min(...[1, 2, 3].map(() => cost(loading(count))))
    const few = least(100)
    expect(least(1000)).toBeLessThan(50 * few)
  })

  test.each([
    ['brackets', '['.repeat(100_000)],
    ['nested lists', `a=${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['commas', `disk=[${'"",'.repeat(100_000)}]`],
    ['one long text', `name="${'a'.repeat(500_000)}"`],
    ['a long disk', `name="a"\ndisk=["${'a,'.repeat(100_000)}"]`],
    ['a disk of blanks', `name="a"\ndisk=["${' ,'.repeat(100_000)}"]`],
    ['a long nic', `name="a"\nvif=["${'a=,'.repeat(100_000)}"]`],
    ['long cpus', `name="a"\ncpus="${'0-3,'.repeat(100_000)}"`],
    ['a long cpuid', `name="a"\ncpuid="host,${'tm=0,'.repeat(100_000)}"`],
    ['many vnuma cpus', `name="a"\nvnuma=[["vcpus=${'0-999,'.repeat(10_000)}"]]`],
    ['backslashes', `name="${'\\\\'.repeat(200_000)}"`],
    ['bad characters', '?'.repeat(200_000)],
    ['bad lines', '?\n'.repeat(100_000)],
    ['adding', `name="a"\n${'disk+=["x"]\n'.repeat(20_000)}`],
    ['too much', 'a'.repeat((1 << 20) + 1)],
  ])('%s without end cost no more than some thousand ordinary definitions', (_name, text) => {
    const budget = 50 * Math.max(20, cost(loading(100)))
    expect(cost(() => void lintGuest(text, options))).toBeLessThan(budget)
  })
})
