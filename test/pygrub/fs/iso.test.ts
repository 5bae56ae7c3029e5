import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Disk } from '../../../src/pygrub/volumes.ts'
import { expectTree } from '../fixtures/expect-tree.ts'
import { emptyFile, fatImage, isoImage, temporaryFolder, tool } from '../fixtures/images.ts'
import { content, names, onlyFilesystem, openImage } from '../fixtures/read.ts'
import { files, pattern, sharedTree } from '../fixtures/tree.ts'

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

describe('boot images of El Torito', () => {
  /** A CD with a kernel, and an image in it for EFI to boot from. */
  const disc = (args: (image: string) => readonly string[]): Disk => {
    const folder = temporaryFolder()
    for (const path of ['tree/boot', 'image/EFI/x']) mkdirSync(join(folder, path), { recursive: true })
    writeFileSync(join(folder, 'tree/boot/vmlinuz'), pattern(10_000))
    writeFileSync(join(folder, 'image/EFI/x/grub.cfg'), 'a menu')
    const image = fatImage(join(folder, 'tree/boot.img'), join(folder, 'image'), ['-F', '12'], 4)
    return openImage(isoImage(join(folder, 'cd'), join(folder, 'tree'), ['-R', ...args(image)]))
  }
  const read = ({ volumes }: Disk) =>
    volumes.map(({ name, partition: { type }, filesystem }) => [name, type, filesystem.type])
  const ESP = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b'

  test('an EFI system partition is a volume of its own, beside the CD', () => {
    const disk = disc(() => ['-e', 'boot.img', '-no-emul-boot'])
    expect(read(disk)).toEqual([
      ['disk', 'none', 'iso9660'],
      ['eltorito1', ESP, 'vfat'],
    ])
    expect(String(content(disk.volumes[1]!.filesystem, '/EFI/x/grub.cfg'))).toBe('a menu')
  })

  test('what is a partition already is no second volume', () => {
    const disk = disc((image) =>
      `-append_partition 2 0xef ${image} -e --interval:appended_partition_2:all:: -no-emul-boot`.split(' '),
    )
    const images = read(disk).filter(([, , type]) => type === 'vfat')
    expect(images).toEqual([[expect.stringMatching(/^(gpt|msdos)2/) as string, expect.any(String) as string, 'vfat']])
  })

  test('a program for BIOS is no volume; an image for EFI in a section of its own is', () => {
    const disk = disc(() =>
      '-b boot/vmlinuz -no-emul-boot -boot-load-size 4 -eltorito-alt-boot -e boot.img -no-emul-boot'.split(' '),
    )
    expect(read(disk)).toEqual([
      ['disk', 'none', 'iso9660'],
      ['eltorito2', ESP, 'vfat'],
    ])
  })

  test('a floppy is read', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'tree'))
    const floppy = emptyFile(join(folder, 'tree/boot.img'), 1440 * 1024)
    tool('mformat', ['-i', floppy, '-f', '1440', '::'])
    writeFileSync(join(folder, 'syslinux.cfg'), 'label a\nkernel vmlinuz\n')
    tool('mcopy', ['-i', floppy, join(folder, 'syslinux.cfg'), '::'])
    tool('genisoimage', ['-quiet', '-b', 'boot.img', '-c', 'boot.cat', '-o', join(folder, 'cd'), join(folder, 'tree')])
    const { volumes } = openImage(join(folder, 'cd'))
    expect(volumes.map(({ name, partition }) => [name, partition.size])).toEqual([
      ['disk', statSync(join(folder, 'cd')).size],
      ['eltorito1', 1440 * 1024],
    ])
    expect(String(content(volumes[1]!.filesystem, '/syslinux.cfg'))).toContain('label a')
  })
})
