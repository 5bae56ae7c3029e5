import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { entryFiles } from '../../src/daemon/entry-files.ts'

test('a daemon that runs from its sources starts the sources of the others', () => {
  for (const file of Object.values<string>({ ...entryFiles() })) expect(existsSync(file), file).toBe(true)
})

test('an installed daemon starts the bundles beside it', () => {
  expect(entryFiles('/usr/lib/tetrarch', true)).toEqual({
    libxlWorker: '/usr/lib/tetrarch/libxl-worker.mjs',
    bootSandbox: '/usr/lib/tetrarch/boot-sandbox.mjs',
    connectDevice: '/usr/lib/tetrarch/connect-device',
  })
})
