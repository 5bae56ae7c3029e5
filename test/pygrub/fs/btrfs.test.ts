import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { isRefusal } from '../../../src/pygrub/disk-fault.ts'
import { openQcow2 } from '../../../src/pygrub/disk/qcow2.ts'
import { bufferSource } from '../../../src/pygrub/disk/source.ts'
import type { Filesystem } from '../../../src/pygrub/fs/filesystem.ts'
import { openDisk } from '../../../src/pygrub/volumes.ts'
import { expectTree } from '../fixtures/expect-tree.ts'
import { btrfsImage, keptDisk, temporaryFolder, tool } from '../fixtures/images.ts'
import { budget, content, names, onlyFilesystem } from '../fixtures/read.ts'
import { crowd, files, sharedTree } from '../fixtures/tree.ts'

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

/** Checks that all files below a folder are what our reader finds in the filesystem, and returns how many there are. */
function compareWithRestored(folder: string, filesystem: Filesystem, root: string): number {
  const found = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
  for (const { parentPath, name } of found) {
    const restored = join(parentPath, name)
    const path = join(root, relative(folder, restored))
    expect(readFileSync(restored).equals(content(filesystem, path) as Buffer), path).toBe(true)
  }
  return found.length
}

test('all files are read as btrfs restore reads them', () => {
  const folder = temporaryFolder()
  const image = btrfsImage(join(folder, 'image'), tree)
  mkdirSync(join(folder, 'restored'))
  tool('btrfs', ['restore', image, join(folder, 'restored')])
  const count = compareWithRestored(join(folder, 'restored'), onlyFilesystem(image), '/')
  expect(count).toBe(Object.keys(files).length + crowd.count + 1)
})

test.each(['zlib', 'lzo', 'zstd'])(
  'files compressed by %s in subvolumes are read as btrfs restore reads them',
  (kind) => {
    const folder = temporaryFolder()
    const image = join(folder, 'image')
    writeFileSync(join(folder, 'qcow2'), keptDisk(`btrfs-${kind}`))
    tool('qemu-img', ['convert', '-O', 'raw', join(folder, 'qcow2'), image])
    // Trees by their numbers: "@", and the snapshot that is the default and so our root.
    for (const [number, root] of [
      ['256', '/@'],
      ['258', '/'],
    ] as const) {
      const to = join(folder, number)
      mkdirSync(to)
      tool('btrfs', ['restore', '-r', number, image, to])
      expect(compareWithRestored(to, onlyFilesystem(image), root)).toBeGreaterThanOrEqual(2)
    }
  },
)

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
