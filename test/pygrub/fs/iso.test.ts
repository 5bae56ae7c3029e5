import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectTree } from '../fixtures/expect-tree.ts'
import { isoImage, temporaryFolder, tool } from '../fixtures/images.ts'
import { content, names, onlyFilesystem } from '../fixtures/read.ts'
import { files, sharedTree } from '../fixtures/tree.ts'

const tree = sharedTree()
const treeWithoutLinks = sharedTree({ links: false })

test.each([
  ['Rock Ridge', ['-R']],
  ['Rock Ridge and Joliet', ['-R', '-J', '-joliet-long']],
  ['Rock Ridge with folders that were moved', ['-R', '-D']],
])('ISO 9660 with %s is read byte for byte', (_, args) => {
  const filesystem = onlyFilesystem(isoImage(join(temporaryFolder(), 'image'), tree, args))
  expect(filesystem).toMatchObject({
    type: 'iso9660',
    label: 'A_LABEL',
    uuid: expect.stringMatching(/^\d{4}(-\d\d){6}$/) as string,
  })
  expectTree(filesystem)
})

test('with Joliet alone long names are read, whatever their case', () => {
  const image = join(temporaryFolder(), 'image')
  tool('genisoimage', ['-quiet', '-J', '-joliet-long', '-V', 'A_LABEL', '-o', image, treeWithoutLinks])
  expectTree(onlyFilesystem(image), { links: false })
})

test('a plain one has short names without versions', () => {
  const image = join(temporaryFolder(), 'image')
  tool('genisoimage', ['-quiet', '-V', 'A_LABEL', '-o', image, join(treeWithoutLinks, 'boot')])
  const filesystem = onlyFilesystem(image)
  expect(names(filesystem, '/')).toEqual(['LARGE', 'VMLINUZ'])
  expect(content(filesystem, '/vmlinuz')).toEqual(files['/boot/vmlinuz'])
})
