import { join } from 'node:path'
import { expect, test } from 'vitest'
import { btrfsImage, extImage, fatImage, isoImage, temporaryFolder, toolBytes, xfsImage } from '../fixtures/images.ts'
import { content, onlyFilesystem } from '../fixtures/read.ts'
import { files, sharedTree } from '../fixtures/tree.ts'

const tree = sharedTree({ links: false })

test.each([
  ['ext2', (path: string) => extImage(path, tree, { args: ['-t', 'ext2', '-b', '1024'] })],
  ['ext4', (path: string) => extImage(path, tree)],
  ['XFS', (path: string) => xfsImage(path, tree, ['-i', 'nrext64=0'])],
  ['btrfs', (path: string) => btrfsImage(path, tree)],
  ['XFS of version 4', (path: string) => xfsImage(path, tree, ['-m', 'crc=0'])],
  ['FAT12', (path: string) => fatImage(path, tree, ['-F', '12', '-s', '16'])],
  ['FAT32', (path: string) => fatImage(path, tree, ['-F', '32', '-s', '1'], 40)],
  ['FAT16', (path: string) => fatImage(path, tree, ['-F', '16'])],
  ['ISO 9660', (path: string) => isoImage(path, tree, ['-R'])],
])("%s is read as GRUB's own driver reads it", (_, make) => {
  const image = make(join(temporaryFolder(), 'image'))
  const filesystem = onlyFilesystem(image)
  for (const path of ['/tiny', '/sub/one-block', '/boot/vmlinuz', '/deep/er/and/deep/er/file']) {
    const asGrub = toolBytes('grub-fstest', [image, 'cat', `(loop0)${path}`])
    expect(asGrub.equals(files[path]!), path).toBe(true)
    expect(content(filesystem, path)).toEqual(asGrub)
  }
})
