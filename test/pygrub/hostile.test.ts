import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { attempt, Budget, BudgetPassed, isRefusal } from '../../src/pygrub/disk-fault.ts'
import { openFormat } from '../../src/pygrub/disk/formats.ts'
import { bufferSource, readBytes, type Source } from '../../src/pygrub/disk/source.ts'
import { readKernel } from '../../src/pygrub/kernel/kernel.ts'
import { allEntries } from '../../src/pygrub/menu/choose.ts'
import { findMenus } from '../../src/pygrub/menu/find-menus.ts'
import type { DiskFormat } from '../../src/pygrub/types.ts'
import { openDisk } from '../../src/pygrub/volumes.ts'
import { debianDisk, kernel } from './fixtures/debian.ts'
import { fatImage, isoImage, keptDisk, temporaryFolder, tool, xfsImage } from './fixtures/images.ts'
import { mutated, traced } from './fixtures/mutate.ts'

/** Mutations of each image in the quick run; `TETRARCH_FUZZ=n` asks for more. */
const ROUNDS = Number(process.env['TETRARCH_FUZZ'] ?? 60)
const limits = { bytes: 2e8, entries: 3e5, steps: 2e4 }

/** Everything that the sandbox does with a disk, short of writing. Throws only what a mistake of ours throws. */
function readAll(file: Source, format: DiskFormat): number {
  let kernels = 0
  try {
    const budget = new Budget(limits)
    const image = openFormat[format](file, budget)
    if (isRefusal(image)) return 0
    for (const { menu } of findMenus(openDisk(image, budget), budget, () => undefined)) {
      for (const entry of allEntries(menu)) {
        const boot = entry.boot()
        if (isRefusal(boot)) continue
        const read = attempt(() => readKernel(boot.kernel.node.open(), { maxFileBytes: 1e7, maxBytes: 1e7 }, budget))
        const ramdisks = attempt(() =>
          boot.ramdisks.map(({ node }) => readBytes(node.open(), 0, Math.min(node.size, 1e6))),
        )
        if (!isRefusal(read) && !isRefusal(ramdisks)) kernels++
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof BudgetPassed)) throw thrown
  }
  return kernels
}

/** A folder with a kernel and menus of every kind. */
function bootTree(folder: string): string {
  const tree = join(folder, 'boot-tree')
  const files: Record<string, string | Buffer> = {
    'boot/vmlinuz-1': kernel,
    'boot/initrd.img-1': 'ramdisk',
    'boot/grub/grub.cfg':
      "if [ -f /boot/vmlinuz-1 ]; then\nmenuentry 'a' --id b {\nsearch -f --set=root /boot/vmlinuz-1\nlinux /boot/vmlinuz-1 ro\ninitrd /boot/initrd.img-1\n}\nfi\n",
    'boot/extlinux/extlinux.conf': 'default a\nlabel a\nlinux /boot/vmlinuz-1\ninitrd /boot/initrd.img-1\nappend ro\n',
    'loader/entries/a.conf': 'title a\nlinux /boot/vmlinuz-1\noptions ro\n',
  }
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(tree, path, '..'), { recursive: true })
    writeFileSync(join(tree, path), content)
  }
  return tree
}

const images: Readonly<Record<string, (folder: string) => Buffer>> = {
  'a GPT with ext4': (folder) => readFileSync(debianDisk(folder)),
  XFS: (folder) => readFileSync(xfsImage(join(folder, 'image'), bootTree(folder))),
  FAT: (folder) => readFileSync(fatImage(join(folder, 'image'), bootTree(folder), ['-F', '16'])),
  'ISO 9660': (folder) => readFileSync(isoImage(join(folder, 'image'), bootTree(folder), ['-R', '-J'])),
  btrfs: (folder) => {
    const tree = bootTree(folder)
    tool('truncate', ['-s', '128M', join(folder, 'image')])
    tool('mkfs.btrfs', ['-q', '--rootdir', tree, join(folder, 'image')])
    return readFileSync(join(folder, 'image'))
  },
  'ext4 with inline data': (folder) => {
    tool('mke2fs', ['-q', '-F', '-t', 'ext4', '-O', 'inline_data', '-d', bootTree(folder), join(folder, 'image'), '8M'])
    return readFileSync(join(folder, 'image'))
  },
}

test.each(Object.keys(images))('%s, damaged at random, is read or refused', (name) => {
  const image = bufferSource(images[name]!(temporaryFolder()))
  const { source, places } = traced(image)
  expect(readAll(source, 'raw')).toBeGreaterThan(0)
  for (let seed = 1; seed <= ROUNDS; seed++) {
    expect(() => readAll(mutated(image, places, seed), 'raw'), `seed ${seed}`).not.toThrow()
  }
})

test.each(['lvm', 'btrfs-zlib', 'btrfs-lzo', 'btrfs-zstd'])(
  '%s in qcow2, damaged at random, is read or refused',
  (name) => {
    const image = bufferSource(keptDisk(name))
    const { source, places } = traced(image)
    readAll(source, 'qcow2')
    for (let seed = 1; seed <= ROUNDS; seed++) {
      expect(() => readAll(mutated(image, places, seed), 'qcow2'), `seed ${seed}`).not.toThrow()
    }
  },
)
