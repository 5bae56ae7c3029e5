import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { detachLoopDevice, listLoopDevices } from '../../src/libxl/loop.ts'

/** A /sys/block with a disk, a loop device in use, one whose file is gone, and one without a file. */
const sysBlock = mkdtempSync(join(tmpdir(), 'tetrarch-sys-block-'))
afterAll(() => rmSync(sysBlock, { recursive: true }))
for (const name of ['sda', 'loop0', 'loop1', 'loop7']) mkdirSync(join(sysBlock, name))
const backed = (name: string, file: string): void => {
  mkdirSync(join(sysBlock, name, 'loop'))
  writeFileSync(join(sysBlock, name, 'loop', 'backing_file'), `${file}\n`)
}
backed('loop1', '/srv/web.img')
backed('loop7', '/srv/old.img (deleted)')

test('the loop devices in use are listed with their files', () => {
  expect(listLoopDevices(sysBlock)).toEqual([
    { name: 'loop1', backingFile: '/srv/web.img' },
    { name: 'loop7', backingFile: '/srv/old.img (deleted)' },
  ])
})

test.each(['sda', 'loop1/../sda', '../sda', 'loop', ''])('%j is never detached: it is no loop device', (name) => {
  expect(() => detachLoopDevice(name)).toThrow(RangeError)
})
