import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { entryFiles } from '../../src/daemon/entry-files.ts'

test('a daemon that runs from its sources starts the sources of the others', () => {
  const { libxlWorker, bootSandbox } = entryFiles()
  for (const file of [libxlWorker, bootSandbox]) expect(existsSync(file), file).toBe(true)
})

test('an installed daemon starts the bundles beside it', () => {
  expect(entryFiles('/usr/lib/tetrarch', true)).toEqual({
    libxlWorker: '/usr/lib/tetrarch/libxl-worker.mjs',
    bootSandbox: '/usr/lib/tetrarch/boot-sandbox.mjs',
  })
})
