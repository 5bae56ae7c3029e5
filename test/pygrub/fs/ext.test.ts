import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { expectTree } from '../fixtures/expect-tree.ts'
import { emptyFile, extImage, temporaryFolder, tool } from '../fixtures/images.ts'
import { content, onlyFilesystem, openImage } from '../fixtures/read.ts'
import { files, pattern, sharedTree, sparse } from '../fixtures/tree.ts'

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

/** A file as debugfs reads it out of an image. Its version 1.47 dumps at least 60 bytes of inline data, whatever their size. */
function fileByDebugfs(image: string, path: string): Buffer {
  const dump = join(temporaryFolder(), 'dump')
  tool('debugfs', ['-R', `dump ${path} ${dump}`, image])
  const size = Number(/ Size: (\d+)$/m.exec(tool('debugfs', ['-R', `stat ${path}`, image]))?.[1])
  return readFileSync(dump).subarray(0, size)
}

describe('whole files are read as debugfs reads them', () => {
  test.each([
    ['ext4', ['-t', 'ext4']],
    ['ext2 with blocks of 1 KiB', ['-t', 'ext2', '-b', '1024']],
    ['inline data', ['-t', 'ext4', '-O', 'inline_data', '-I', '256']],
    ['inline data in large inodes', ['-t', 'ext4', '-O', 'inline_data', '-I', '1024']],
    ['bigalloc', ['-t', 'ext4', '-O', 'bigalloc', '-C', '16384']],
  ])('with %s', (_, args) => {
    const image = extImage(join(temporaryFolder(), 'image'), tree, { args, mebibytes: 32 })
    const filesystem = onlyFilesystem(image)
    for (const path of [...Object.keys(files), sparse.path])
      expect(fileByDebugfs(image, path).equals(content(filesystem, path) as Buffer), path).toBe(true)
  })

  test('with attributes in inodes of their own, beside inline data or not', () => {
    const folder = temporaryFolder()
    const args = ['-t', 'ext4', '-O', 'ea_inode,inline_data', '-I', '256', '-b', '1024']
    const image = extImage(join(folder, 'image'), tree, { args })
    // As large as a block, in which it has no place beside a header.
    writeFileSync(join(folder, 'attribute'), pattern(1024))
    const paths = ['/tiny', '/sub/inline-140', '/sub/one-block', '/boot/vmlinuz']
    for (const path of paths)
      tool('debugfs', ['-w', '-R', `ea_set -f ${join(folder, 'attribute')} ${path} user.large`, image])
    expect(tool('debugfs', ['-R', 'stat /tiny', image])).toMatch(/File ACL: 0\n[^]*user\.large \(1024\)/)
    for (const path of paths) {
      const read = content(onlyFilesystem(image), path) as Buffer
      expect(read.equals(files[path]!), path).toBe(true)
      expect(read.equals(fileByDebugfs(image, path)), path).toBe(true)
    }
  })

  test('with extent trees of two levels, and with triple indirect blocks', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'tree'))
    const scattered = openSync(join(folder, 'tree/scattered'), 'w')
    // Each second block of 1 KiB; 84 extents fit into a block of the tree, 4 into the inode.
    for (let block = 0; block < 1500; block += 2) writeSync(scattered, pattern(1024, block + 1), 0, 1024, block * 1024)
    // 12 blocks, 256, 65 536: these need the third level.
    const last = 65_804 * 1024
    writeSync(scattered, pattern(5000, 7), 0, 5000, last)
    closeSync(scattered)
    for (const type of ['ext4', 'ext2']) {
      const image = extImage(join(folder, type), join(folder, 'tree'), { args: ['-t', type, '-b', '1024'] })
      const read = content(onlyFilesystem(image), '/scattered') as Buffer
      expect(read.equals(fileByDebugfs(image, '/scattered'))).toBe(true)
      expect(read.equals(readFileSync(join(folder, 'tree/scattered')))).toBe(true)
    }
    expect(tool('debugfs', ['-R', 'ex /scattered', join(folder, 'ext4')])).toMatch(/^ *0\/ 2/m)
    expect(tool('debugfs', ['-R', 'stat /scattered', join(folder, 'ext2')])).toContain('(TIND)')
  })
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
