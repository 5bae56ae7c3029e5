import { appendFile, mkdtemp, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LogLine } from '../../../src/api/log.ts'
import { pruneLogs } from '../../../src/daemon/consoles/prune-logs.ts'
import { readLog } from '../../../src/daemon/consoles/read-log.ts'

let directory: string
let path: string
let stop: AbortController
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tetrarch-log-'))
  path = join(directory, 'web.log')
  stop = new AbortController()
})
afterEach(async () => {
  stop.abort()
  await rm(directory, { recursive: true })
})

const whole = async (lines: number | null = null): Promise<string[]> => {
  const texts: string[] = []
  for await (const { text } of readLog(path, { lines, follow: false }, stop.signal)) texts.push(text)
  return texts
}
const following = (lines: number | null = null) => readLog(path, { lines, follow: true }, stop.signal)
const next = async (reader: AsyncGenerator<LogLine, void>) => ((await reader.next()).value as LogLine | undefined)?.text

test('gives the rotated log and then the current one, as whole lines', async () => {
  await writeFile(`${path}.1`, 'one\ntw')
  await writeFile(path, 'o\nthree')
  expect(await whole()).toEqual(['one', 'two', 'three'])
  expect(await whole(2)).toEqual(['two', 'three'])
  expect(await whole(0)).toEqual([])
})

test('gives nothing of a guest that has said nothing', async () => {
  expect(await whole()).toEqual([])
})

test('lets no control character through, and no line without an end', async () => {
  await writeFile(
    path,
    Buffer.from(`\x1b[31mred\x1b[0m\r\n\x1b]0;title\x07x\r\nbell\x07\xff\n${'a'.repeat(10_000)}\n`, 'latin1'),
  )
  const lines = await whole()
  expect(lines[0]).toBe('red')
  expect(lines.join('')).not.toMatch(/\p{Cc}/u)
  expect(lines.filter((line) => line.startsWith('a')).map(({ length }) => length)).toEqual([4096, 4096, 1808])
})

test('goes on as the guest writes, over a rotation', async () => {
  await writeFile(path, 'old\nlogin: ')
  const reader = following(1)
  expect(await next(reader)).toBe('old')
  await appendFile(path, 'root\n')
  expect(await next(reader)).toBe('login: root')
  await rename(path, `${path}.1`)
  await writeFile(path, 'new\n')
  expect(await next(reader)).toBe('new')
  const waiting = next(reader)
  stop.abort()
  expect(await waiting).toBeUndefined()
})

test('waits for the first word of a guest', async () => {
  const reader = following()
  const first = next(reader)
  await writeFile(path, 'hello\n')
  expect(await first).toBe('hello')
})

test('of guests that are gone only the newest logs stay, and those of all that are there', async () => {
  for (const name of ['old.log', 'old.log.1', 'new.log', 'web.log', 'notes.txt'])
    await writeFile(join(directory, name), '')
  for (const name of ['old.log', 'old.log.1', 'web.log']) await utimes(join(directory, name), 1, 1)
  await pruneLogs(directory, { keep: 1, isGuest: (name) => name === 'web' })
  expect((await readdir(directory)).sort()).toEqual(['new.log', 'notes.txt', 'web.log'])
})
