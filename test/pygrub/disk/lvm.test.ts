import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../../src/pygrub/disk-fault.ts'
import { parseLvmConfig } from '../../../src/pygrub/disk/lvm-config.ts'
import { openQcow2 } from '../../../src/pygrub/disk/qcow2.ts'
import { bufferSource } from '../../../src/pygrub/disk/source.ts'
import { openDisk } from '../../../src/pygrub/volumes.ts'
import { keptDisk, temporaryFolder, tool } from '../fixtures/images.ts'
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

describe('a volume group over two partitions and another disk, whose metadata lie over the end of their ring', () => {
  const disk = () => {
    const opened = openQcow2(bufferSource(keptDisk('lvm-spread')), budget())
    if (isRefusal(opened)) throw new Error(opened.refused)
    return openDisk(opened, budget())
  }

  test('has a volume of segments on both partitions, and one on one of them, read byte for byte', () => {
    const { volumes } = disk()
    expect(volumes.map(({ name, filesystem }) => [name, filesystem.type])).toEqual([
      ['lvm/vg-root', 'ext4'],
      ['lvm/vg-spare', 'ext2'],
    ])
    const [root, spare] = volumes
    expect(String(content(root!.filesystem, '/boot/numbers')) === numbers(60_000)).toBe(true)
    expect(String(content(root!.filesystem, '/boot/more')) === numbers(300_000)).toBe(true)
    expect(String(content(spare!.filesystem, '/boot/numbers'))).toBe(numbers(1000))
  })

  test("reads as GRUB's own driver reads it", () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'qcow2'), keptDisk('lvm-spread'))
    tool('qemu-img', ['convert', '-O', 'raw', join(folder, 'qcow2'), join(folder, 'raw')])
    const asGrub = tool('grub-fstest', [join(folder, 'raw'), 'cat', '(lvm/vg-root)/boot/more'])
    expect(asGrub === String(content(disk().volumes[0]!.filesystem, '/boot/more'))).toBe(true)
  })

  test('has a volume that is partly on the other disk, which is told', () => {
    expect(disk().unread.join('\n')).toContain('lvm/vg-away: it is partly on another disk')
  })
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
