import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectTree } from '../fixtures/expect-tree.ts'
import { emptyFile, extImage, temporaryFolder, tool } from '../fixtures/images.ts'
import { content, onlyFilesystem, openImage } from '../fixtures/read.ts'
import { sharedTree } from '../fixtures/tree.ts'

const tree = sharedTree()

test.each([
  ['ext2 with blocks of 1 KiB', 'ext2', ['-t', 'ext2', '-b', '1024']],
  ['ext2 of revision 0', 'ext2', ['-t', 'ext2', '-r', '0', '-b', '1024']],
  ['ext3', 'ext3', ['-t', 'ext3', '-b', '4096']],
  ['ext4 as mke2fs makes it', 'ext4', ['-t', 'ext4']],
  ['ext4 with blocks of 1 KiB', 'ext4', ['-t', 'ext4', '-b', '1024']],
  ['ext4 without 64bit', 'ext4', ['-t', 'ext4', '-O', '^64bit']],
  ['ext4 with inline data', 'ext4', ['-t', 'ext4', '-O', 'inline_data', '-I', '256']],
  ['ext4 with inline data in large inodes', 'ext4', ['-t', 'ext4', '-O', 'inline_data', '-I', '1024']],
  ['ext4 with bigalloc', 'ext4', ['-t', 'ext4', '-O', 'bigalloc', '-C', '16384']],
  ['ext4 with meta_bg', 'ext4', ['-t', 'ext4', '-b', '1024', '-O', 'meta_bg,^resize_inode']],
  ['ext4 with sparse_super2', 'ext4', ['-t', 'ext4', '-O', 'sparse_super2,^resize_inode']],
  ['ext4 with small inodes and no flex_bg', 'ext4', ['-t', 'ext4', '-I', '128', '-O', '^flex_bg,^metadata_csum']],
  ['ext4 with casefold', 'ext4', ['-t', 'ext4', '-O', 'casefold', '-E', 'encoding=utf8']],
])('%s is read byte for byte', (_, type, args) => {
  const folder = temporaryFolder()
  const uuid = '11111111-2222-3333-4444-555555555555'
  const image = extImage(join(folder, 'image'), tree, { args: [...args, '-L', 'a label', '-U', uuid], mebibytes: 32 })
  const filesystem = onlyFilesystem(image)
  expect(filesystem).toMatchObject({ type, uuid, label: 'a label', notes: [] })
  // mke2fs cuts a file with holes to one block where it begins inline.
  expectTree(filesystem, { holes: !args.includes('inline_data') })
})

test('a file reads as debugfs reads it', () => {
  const folder = temporaryFolder()
  const image = extImage(join(folder, 'image'), tree)
  tool('debugfs', ['-R', `dump /boot/large ${join(folder, 'dump')}`, image])
  expect(readFileSync(join(folder, 'dump')).equals(content(onlyFilesystem(image), '/boot/large') as Buffer)).toBe(true)
})

test('a journal that would have to be replayed is noted', () => {
  const folder = temporaryFolder()
  const image = extImage(join(folder, 'image'), tree)
  tool('debugfs', ['-w', '-R', 'feature needs_recovery', image])
  expect(openImage(image).notes.join()).toContain('journal was not replayed')
})

test('a file is changed in its fingerprint when it is written, and only then', () => {
  const folder = temporaryFolder()
  const image = extImage(join(folder, 'image'), tree)
  const fingerprint = () =>
    onlyFilesystem(image)
      .root.entries()
      .find(({ name }) => name === 'tiny')!
      .node().fingerprint
  const before = fingerprint()
  expect(fingerprint()).toBe(before)
  tool('debugfs', ['-w', '-R', 'set_inode_field /tiny mtime 20300101', image])
  expect(fingerprint()).not.toBe(before)
})

test('an empty image is told to hold nothing that is read', () => {
  const { volumes, unread } = openImage(emptyFile(join(temporaryFolder(), 'image'), 1 << 20))
  expect(volumes).toEqual([])
  expect(unread.join()).toContain('no filesystem')
})
