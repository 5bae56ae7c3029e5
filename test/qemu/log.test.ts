import { appendFile, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { boundLog, lastLines, logOfProcess, qemuLogOf } from '../../src/qemu/log.ts'

let dir: string
let path: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tetrarch-log-'))
  path = join(dir, 'qemu-dm-web.log')
})
afterEach(() => rm(dir, { recursive: true, force: true }))

test('a log that a guest makes QEMU fill is cut to its end, and QEMU writes on behind it', async () => {
  const qemu = await open(path, 'a')
  await qemu.appendFile(`${'noise\n'.repeat(2000)}the last line`)
  expect(await boundLog(path, { maxBytes: 10_000, keepBytes: 100 })).toBe(true)
  await qemu.appendFile('what came after\n')
  await qemu.close()
  expect((await stat(path)).size).toBeLessThan(500)
  expect(await readFile(path, 'utf8')).toMatch(/had 12013 bytes[^]*the last line\nwhat came after\n$/)
  expect(await boundLog(path, { maxBytes: 10_000, keepBytes: 100 })).toBe(false)
})

test('its last lines come without what could move a cursor', async () => {
  await writeFile(path, 'first\n\x1b[2Jqemu: \x07bell\n\n')
  expect(await lastLines(path, 1000)).toEqual(['first', String.raw`qemu: \x07bell`])
  expect(await lastLines(join(dir, 'none'), 1000)).toEqual([])
})

test('the log of a process is what it really writes into, and only below the folder of Xen’s logs', async () => {
  await appendFile(path, '')
  const proc = join(dir, 'proc')
  const { mkdir, symlink } = await import('node:fs/promises')
  await mkdir(join(proc, '7/fd'), { recursive: true })
  await symlink(path, join(proc, '7/fd/2'))
  expect(await logOfProcess(7, proc, dir)).toBe(path)
  expect(await logOfProcess(7, proc, '/var/log/xen')).toBeNull()
  expect(await logOfProcess(8, proc, dir)).toBeNull()
})

test('a guest’s name leads to no other file', () => {
  expect(qemuLogOf('web')).toBe('/var/log/xen/qemu-dm-web.log')
  expect(qemuLogOf('../../etc/passwd')).toBeNull()
})
