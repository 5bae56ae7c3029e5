import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { extractBoot, type SandboxOptions } from '../../src/pygrub/sandbox.ts'
import { TetrarchError } from '../../src/words/errors.ts'
import { kernel, ramdisk } from './fixtures/debian.ts'
import { extImage, fatImage, isoImage, temporaryFolder, tool, xfsImage } from './fixtures/images.ts'
import { elfKernel } from './fixtures/kernels.ts'
import { sandboxOptions } from './fixtures/sandbox-program.ts'

const confined = sandboxOptions()

const menu = 'default a\nlabel a\nlinux /boot/vmlinuz\ninitrd /boot/initrd\nappend ro\n'

function bootTree(folder: string): string {
  const boot = join(folder, 'tree/boot')
  mkdirSync(boot, { recursive: true })
  writeFileSync(join(boot, 'vmlinuz'), kernel)
  writeFileSync(join(boot, 'initrd'), ramdisk)
  writeFileSync(join(boot, 'extlinux.conf'), menu)
  return join(folder, 'tree')
}

/** A guest's disk with a cache of its own. `start` boots it; `startUnread` cannot start a sandbox. */
function guest(make: (path: string, tree: string) => string, format: 'raw' | 'qcow2' | 'vhd' = 'raw') {
  const folder = temporaryFolder()
  const disk = make(join(folder, 'disk'), bootTree(folder))
  const out = join(folder, 'out')
  mkdirSync(out)
  const options: SandboxOptions = {
    ...confined,
    cache: { directory: join(folder, 'cache'), maxMiB: 100 },
  }
  const boot = (by: SandboxOptions, words: { entry?: string; extraArgs?: string } = {}) =>
    extractBoot({ disk, format, outputDirectory: out, ...words }, by)
  return {
    disk,
    folder,
    start: (words = {}) => boot(options, words),
    startUnread: (words = {}) => boot({ ...options, program: '/none' }, words),
  }
}

const ext = (path: string, tree: string) => extImage(path, tree, { mebibytes: 8 })
const debugfs = (disk: string, ...commands: string[]) =>
  commands.forEach((command) => tool('debugfs', ['-w', '-R', command, disk]))

/** Whether a start that cannot have a sandbox fails for want of it. */
async function isLookedAt(start: Promise<unknown>): Promise<boolean> {
  try {
    await start
    return false
  } catch (thrown) {
    if (thrown instanceof TetrarchError) return true
    throw thrown
  }
}

describe.each([
  ['ext4', ext, 'raw'],
  ['XFS', xfsImage, 'raw'],
  ['FAT', (path: string, tree: string) => fatImage(path, tree, ['-F', '16']), 'raw'],
  ['ISO 9660', (path: string, tree: string) => isoImage(path, tree, ['-R']), 'raw'],
  ['ext4 in qcow2', (path: string, tree: string) => converted(ext(`${path}.raw`, tree), path, 'qcow2'), 'qcow2'],
  ['ext4 in VHD', (path: string, tree: string) => converted(ext(`${path}.raw`, tree), path, 'vpc'), 'vhd'],
] as const)('an unchanged guest on %s', (_, make, format) => {
  test('starts again without a sandbox, with the same files', async () => {
    const { start, startUnread } = guest(make, format)
    const first = await start()
    const second = await startUnread()
    expect(second).toEqual({ ...first, kernel: second.kernel, ramdisk: second.ramdisk })
    expect(readFileSync(second.kernel).equals(elfKernel())).toBe(true)
    expect(readFileSync(second.ramdisk!).equals(ramdisk)).toBe(true)
  })
})

const converted = (from: string, to: string, format: string): string => {
  tool('qemu-img', ['convert', '-O', format, from, to])
  return to
}

test('a guest that ran, and changed nothing that it boots from, starts again without a sandbox', async () => {
  const { disk, start, startUnread } = guest(ext)
  await start()
  debugfs(
    disk,
    'set_super_value mtime 20300101',
    'set_super_value wtime 20300101',
    'set_super_value mnt_count 7',
    'set_inode_field / atime 20300101',
    'set_inode_field /boot atime 20300101',
    'set_bg 0 free_blocks_count 77',
    'write /etc/hostname elsewhere',
  )
  // A new name in the root folder is a change of that folder; one in another is none.
  expect(await isLookedAt(startUnread())).toBe(true)
  await start()
  debugfs(
    disk,
    'set_super_value mtime 20310101',
    'set_inode_field /boot atime 20310101',
    'set_bg 0 free_blocks_count 78',
  )
  expect((await startUnread()).cmdline).toBe('ro')
})

test.each([
  [
    'its menu was replaced',
    (disk: string, folder: string) => replace(disk, folder, 'extlinux.conf', menu.replace('ro', 'rw')),
  ],
  ['its ramdisk was replaced', (disk: string, folder: string) => replace(disk, folder, 'initrd', 'another')],
  ['its kernel was written to', (disk: string) => debugfs(disk, 'set_inode_field /boot/vmlinuz mtime 20300101')],
  ['another menu came', (disk: string, folder: string) => replace(disk, folder, 'extlinux/extlinux.conf', menu)],
  ['its filesystem was not unmounted cleanly', (disk: string) => debugfs(disk, 'feature needs_recovery')],
])('a guest of which %s is looked at again', async (_, change) => {
  const { disk, folder, start, startUnread } = guest(ext)
  await start()
  change(disk, folder)
  expect(await isLookedAt(startUnread())).toBe(true)
  const files = await start()
  expect(readFileSync(files.kernel).equals(elfKernel())).toBe(true)
})

function replace(disk: string, folder: string, name: string, content: string): void {
  writeFileSync(join(folder, 'new'), content)
  if (name.includes('/')) debugfs(disk, 'mkdir /boot/extlinux')
  else debugfs(disk, `rm /boot/${name}`)
  debugfs(disk, `write ${join(folder, 'new')} /boot/${name}`)
}

test('a filesystem that was not unmounted cleanly is looked at each time', async () => {
  const { disk, start, startUnread } = guest(ext)
  debugfs(disk, 'feature needs_recovery')
  await start()
  expect(await isLookedAt(startUnread())).toBe(true)
})

test('other words are another question', async () => {
  const { start, startUnread } = guest(ext)
  await start()
  expect(await isLookedAt(startUnread({ extraArgs: 'single' }))).toBe(true)
  expect(await isLookedAt(startUnread({ entry: 'a' }))).toBe(true)
  await start({ extraArgs: 'single' })
  expect((await startUnread({ extraArgs: 'single' })).cmdline).toBe('ro single')
  expect((await startUnread()).cmdline).toBe('ro')
})
