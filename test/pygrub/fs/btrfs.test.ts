import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isRefusal } from '../../../src/pygrub/disk-fault.ts'
import { openQcow2 } from '../../../src/pygrub/disk/qcow2.ts'
import { bufferSource } from '../../../src/pygrub/disk/source.ts'
import { openDisk } from '../../../src/pygrub/volumes.ts'
import { expectTree } from '../fixtures/expect-tree.ts'
import { btrfsImage, keptDisk, temporaryFolder, tool } from '../fixtures/images.ts'
import { budget, content, names, onlyFilesystem } from '../fixtures/read.ts'
import { sharedTree } from '../fixtures/tree.ts'
import { readFileSync } from 'node:fs'

const tree = sharedTree()
const uuid = '11111111-2222-3333-4444-555555555555'

test.each([
  ['as mkfs.btrfs makes it', []],
  ['with DUP and small nodes', ['-m', 'dup', '-d', 'dup', '-n', '4096']],
  ['with mixed block groups', ['--mixed']],
])('btrfs %s is read byte for byte', (_, args) => {
  const image = btrfsImage(join(temporaryFolder(), 'image'), tree, [...args, '-U', uuid, '-L', 'a label'])
  const filesystem = onlyFilesystem(image)
  expect(filesystem).toMatchObject({ type: 'btrfs', uuid, label: 'a label' })
  expectTree(filesystem)
})

test('a file is read as btrfs restore reads it', () => {
  const folder = temporaryFolder()
  const image = btrfsImage(join(folder, 'image'), tree)
  tool('btrfs', ['restore', image, folder])
  expect(content(onlyFilesystem(image), '/boot/large')).toEqual(readFileSync(join(folder, 'boot/large')))
})

test.each(['zlib', 'lzo', 'zstd'])('%s, subvolumes and the default one are read', (compression) => {
  const disk = openQcow2(bufferSource(keptDisk(`btrfs-${compression}`)), budget())
  if (isRefusal(disk)) throw new Error(disk.refused)
  const { filesystem } = openDisk(disk, budget()).volumes[0]!
  const numbers = Array.from({ length: 60_000 }, (_, index) => `${index + 1}\n`).join('')
  for (const path of ['/boot/numbers', '/@/boot/numbers', '/snapshot/boot/numbers', '/link', '/@/link']) {
    expect(String(content(filesystem, path)) === numbers, path).toBe(true)
  }
  expect(String(content(filesystem, '/boot/inline'))).toBe(
    Array.from({ length: 100 }, (_, index) => `${index + 1}\n`).join(''),
  )
  expect(String(content(filesystem, '/@/nested/file'))).toBe('nested\n')
  // The default subvolume comes first, then the top, then what a distribution mounts as its root.
  expect(String(content(filesystem, '/which'))).toBe('snapshot\n')
  expect(names(filesystem, '/')).toEqual(['@', 'boot', 'link', 'nested', 'snapshot', 'which'])
})
