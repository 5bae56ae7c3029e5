import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectTree } from '../fixtures/expect-tree.ts'
import { damaged, fatImage, temporaryFolder, tool } from '../fixtures/images.ts'
import { content, names, onlyFilesystem } from '../fixtures/read.ts'
import { files, sharedTree } from '../fixtures/tree.ts'

const tree = sharedTree({ links: false })

test.each([
  ['FAT12', ['-F', '12', '-s', '16'], 24],
  ['FAT16', ['-F', '16'], 24],
  ['FAT32', ['-F', '32', '-s', '1'], 40],
  ['FAT32 of 4096-byte sectors', ['-F', '32', '-S', '4096', '-s', '1'], 280],
])('%s is read byte for byte', (_, args, mebibytes) => {
  const image = fatImage(join(temporaryFolder(), 'image'), tree, [...args, '-n', 'ALABEL', '-i', '1234ABCD'], mebibytes)
  const filesystem = onlyFilesystem(image)
  expect(filesystem).toMatchObject({ type: 'vfat', uuid: '1234-ABCD', label: 'ALABEL' })
  expectTree(filesystem, { links: false })
  expect(content(filesystem, '/BOOT/VmLinuz')).toEqual(files['/boot/vmlinuz'])
})

test('names are those that mtools shows', () => {
  const image = fatImage(join(temporaryFolder(), 'image'), tree, ['-F', '16'])
  const shown = tool('mdir', ['-b', '-i', image, '::/crowd']).trim().split('\n')
  expect(names(onlyFilesystem(image), '/crowd')).toEqual(shown.map((path) => path.replace('::/crowd/', '')).sort())
})

test('a chain of clusters that is a loop ends', () => {
  const folder = temporaryFolder()
  const image = fatImage(join(folder, 'image'), tree, ['-F', '16', '-f', '1', '-R', '1'])
  const loop = damaged(image, join(folder, 'loop'), 512 + 4, Buffer.from(new Uint16Array(2000).fill(2).buffer))
  expect(String(names(onlyFilesystem(loop), '/crowd')).length).toBeGreaterThan(0)
  expect(content(onlyFilesystem(loop), '/tiny').length).toBeGreaterThan(0)
})
