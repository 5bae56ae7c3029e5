import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { heldAt, holdFrom } from '../../src/daemon/hold.ts'

let folder: string
let file: string
let log: string[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tetrarch-hold-'))
  file = join(folder, 'steps')
  log = []
  await writeFile(file, 'build the domain\n')
})
afterEach(() => rm(folder, { recursive: true }))

const operation = (signal = new AbortController().signal) => ({ signal, log: (line: string) => void log.push(line) })
const held = () => vi.waitFor(() => expect(log).toEqual([heldAt('build the domain')]))

test('a step that the file names waits, says so once, and goes on when the file names it no more', async () => {
  const goesOn = holdFrom({ TETRARCH_HOLD_FILE: file })('build the domain', operation())
  await held()
  await writeFile(file, '')
  await goesOn
  await held()
})

test('a held step ends with what the operation was aborted for', async () => {
  const abort = new AbortController()
  const ends = holdFrom({ TETRARCH_HOLD_FILE: file })('build the domain', operation(abort.signal))
  await held()
  abort.abort(new Error('cancelled by a test'))
  await expect(ends).rejects.toThrow('cancelled by a test')
})

test.each([
  ['of another name', () => ({ TETRARCH_HOLD_FILE: file }), 'let it run'],
  ['of a daemon without the variable', () => ({}), 'build the domain'],
  ['of a daemon whose file is not there', () => ({ TETRARCH_HOLD_FILE: `${file}.none` }), 'build the domain'],
])('a step %s begins at once', async (_, env, step) => {
  await holdFrom(env())(step, operation())
  expect(log).toEqual([])
})
