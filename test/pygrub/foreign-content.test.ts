import { join } from 'node:path'
import { expect, test } from 'vitest'
import { damaged, emptyFile, MEBIBYTE, partitionedDisk, temporaryFolder, tool } from './fixtures/images.ts'
import { openImage } from './fixtures/read.ts'

const unread = (path: string): string => {
  const { volumes, unread } = openImage(path)
  expect(volumes).toEqual([])
  return unread.join('\n')
}

test('a BSD label inside a partition is named', () => {
  const disk = partitionedDisk(join(temporaryFolder(), 'disk'), 'dos', [{ row: 'type=a5', image: null, mebibytes: 8 }])
  // fdisk asks whether to make the label, makes it, and writes it.
  tool('fdisk', [disk], 'b\ny\nw\n')
  expect(unread(disk)).toContain('msdos1: has a BSD label, which is not supported')
})

test('a Sun label is named', () => {
  const disk = emptyFile(join(temporaryFolder(), 'disk'), 20 * MEBIBYTE)
  tool('sfdisk', ['-q', disk], 'label: sun\n')
  expect(unread(disk)).toContain('disk: has a Sun label, which is not supported')
})

/** Signatures that no tool here writes, in the places where Linux looks for them. */
test.each([
  ['a Solaris label', 524, 'eede0d60', 'has a Solaris label'],
  ['LUKS', 0, '4c554b53babe', 'encrypted with LUKS'],
  ['swap', 4086, Buffer.from('SWAPSPACE2').toString('hex'), 'swap space'],
  ['ZFS', 128 * 1024 + 5 * 1024, '0cb1ba00', 'ZFS'],
  ['RAID 1.2', 4096, 'fc4e2ba9', 'RAID array'],
  ['RAID 1.1', 0, 'fc4e2ba9', 'RAID array'],
  ['RAID 1.0', 20 * MEBIBYTE - 8192, 'fc4e2ba9', 'RAID array'],
  ['RAID 0.90', 20 * MEBIBYTE - 65536, 'fc4e2ba9', 'RAID array'],
])('%s on the whole disk is named', (_, at, hex, says) => {
  const folder = temporaryFolder()
  const empty = emptyFile(join(folder, 'empty'), 20 * MEBIBYTE)
  expect(unread(damaged(empty, join(folder, 'disk'), at, Buffer.from(hex, 'hex')))).toContain(says)
})

test.each([511, 4096, 65_536, 65_537])('an empty disk of %i bytes has nothing to name', (bytes) => {
  const disk = emptyFile(join(temporaryFolder(), 'disk'), bytes)
  expect(unread(disk)).toContain('no filesystem that is read')
})
