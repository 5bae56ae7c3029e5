import { expect, test } from 'vitest'
import { isRefusal } from '../../../src/pygrub/disk-fault.ts'
import { parseLvmConfig } from '../../../src/pygrub/disk/lvm-config.ts'
import { openQcow2 } from '../../../src/pygrub/disk/qcow2.ts'
import { bufferSource } from '../../../src/pygrub/disk/source.ts'
import { openDisk } from '../../../src/pygrub/volumes.ts'
import { keptDisk } from '../fixtures/images.ts'
import { budget, content } from '../fixtures/read.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('')

test('a logical volume of two segments inside a partition is read byte for byte', () => {
  const disk = openQcow2(bufferSource(keptDisk('lvm')), budget())
  if (isRefusal(disk)) throw new Error(disk.refused)
  const { volumes, unread } = openDisk(disk, budget())
  expect(volumes.map(({ name, filesystem }) => [name, filesystem.type])).toEqual([['lvm/vg--a-root--fs', 'ext4']])
  const [volume] = volumes
  expect(volume!.partition.guid).toMatch(/^\w{6}(-\w{4}){5}-\w{6}\/0a1B2c-0000-1111-2222-3333-4444-abcdef$/)
  expect(String(content(volume!.filesystem, '/boot/numbers')) === numbers(60_000)).toBe(true)
  expect(String(content(volume!.filesystem, '/boot/more')) === numbers(200_000)).toBe(true)
  expect(unread.join()).toMatch(/lvm\/vg--a-thin: .*not read/)
})

test.each([
  ['sections, texts, numbers, lists and comments', 'a { b = "c\\"d" # no\n e = [ "f", 1 ]\n g { } } h = 2', true],
  ['a bracket too few', 'a { b = 1', false],
  ['a bracket too many', 'a { } }', false],
  ['a name alone', 'a', false],
  ['names of a prototype', '__proto__ { x = 1 } constructor = 2', true],
  ['nesting without end', 'a {'.repeat(100_000), false],
])('%s in metadata are read or refused', (_, text, isRead) => {
  const parse = () => parseLvmConfig(text, budget())
  if (isRead) expect(parse()).toBeDefined()
  else expect(parse).toThrow(/LVM metadata/)
})
