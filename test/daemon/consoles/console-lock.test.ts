import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockConsole } from '../../../src/daemon/consoles/console-lock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tetrarch-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('one reader at a time, under the name that xl console looks for', () => {
  const first = lockConsole(7, folder)
  expect(existsSync(join(folder, 'xenconsole.7'))).toBe(true)
  expect(() => lockConsole(7, folder)).toThrow('the console of domain 7 is being read by another program')
  lockConsole(8, folder)[Symbol.dispose]()
  first[Symbol.dispose]()
  expect(existsSync(join(folder, 'xenconsole.7'))).toBe(false)
  lockConsole(7, folder)[Symbol.dispose]()
})
