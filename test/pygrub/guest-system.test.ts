import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { inspectSystem } from '../../src/pygrub/sandbox.ts'
import { kernel } from './fixtures/debian.ts'
import { extImage, temporaryFolder } from './fixtures/images.ts'
import { sandboxOptions } from './fixtures/sandbox-program.ts'

const options = sandboxOptions()
const system = (disk: string) => inspectSystem({ disk, format: 'raw' }, options)

/** A disk with a small system; `files` over what it has. */
function disk(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = temporaryFolder()
  const tree = {
    'boot/vmlinuz-6.1': kernel,
    'boot/initrd': gzipSync('nothing of use'),
    'boot/extlinux.conf':
      'default a\nlabel a\nlinux /boot/vmlinuz-6.1\ninitrd /boot/initrd\nappend root=/dev/xvda1 ro\n',
    'etc/fstab': '# what is mounted\n/dev/xvda1 / ext4 defaults 0 1\nUUID=2  /srv  ext4  defaults 0 2\n',
    'etc/os-release': 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    ...files,
  }
  for (const [path, content] of Object.entries(tree)) {
    mkdirSync(join(folder, 'tree', path, '..'), { recursive: true })
    writeFileSync(join(folder, 'tree', path), content)
  }
  return extImage(join(folder, 'disk'), join(folder, 'tree'), { mebibytes: 8 })
}

test('a system is told by its release, boot menu and fstab', async () => {
  expect(await system(disk({}))).toEqual({
    name: 'Debian GNU/Linux 12 (bookworm)',
    commandLine: 'root=/dev/xvda1 ro',
    mounts: [
      { device: '/dev/xvda1', on: '/' },
      { device: 'UUID=2', on: '/srv' },
    ],
    biosBoot: false,
    efiBoot: false,
    pvDisk: 'missing',
    pvNic: 'missing',
  })
})

test('the PV disk driver is found in the initramfs, behind microcode too, or in the kernel', async () => {
  const packed = gzipSync('…kernel/drivers/block/xen-blkfront.ko…')
  expect(await system(disk({ 'boot/initrd': packed }))).toMatchObject({ pvDisk: 'in-initramfs' })
  const microcode = Buffer.concat([Buffer.from('070701…TRAILER!!!\0\0\0\0'), packed])
  expect(await system(disk({ 'boot/initrd': microcode }))).toMatchObject({ pvDisk: 'in-initramfs' })
  const builtin = { 'lib/modules/6.1/modules.builtin': 'kernel/drivers/block/xen-blkfront.ko\n' }
  expect(await system(disk(builtin))).toMatchObject({ pvDisk: 'built-in' })
})

test('the PV network driver may be a module of its root file system as well', async () => {
  const modules = { 'lib/modules/6.1/modules.dep': 'kernel/drivers/net/xen-netfront.ko.xz: kernel/drivers/xen/x.ko\n' }
  expect(await system(disk(modules))).toMatchObject({ pvDisk: 'missing', pvNic: 'module' })
  const packed = gzipSync('…xen-blkfront.ko…xen-netfront.ko…')
  expect(await system(disk({ 'boot/initrd': packed }))).toMatchObject({ pvNic: 'in-initramfs' })
})

test('an initramfs that cannot be unpacked tells nothing', async () => {
  const cut = gzipSync('x'.repeat(5000)).subarray(0, 20)
  expect(await system(disk({ 'boot/initrd': cut }))).toMatchObject({ pvDisk: 'unknown' })
})

test('a fstab with control characters comes out as plain lines', async () => {
  const { mounts } = await system(disk({ 'etc/fstab': '\u001b]0;x /\n' }))
  expect(mounts).toEqual([{ device: ' ]0;x', on: '/' }])
})
