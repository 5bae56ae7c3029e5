/** A guest's disk that is a block device: the guest writes past dom0's cache of it, and no time of the device changes. */
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { extractBoot, type SandboxOptions } from '../../src/pygrub/sandbox.ts'
import { kernel, ramdisk } from '../pygrub/fixtures/debian.ts'
import { extImage, temporaryFolder, tool } from '../pygrub/fixtures/images.ts'
import { elfKernel } from '../pygrub/fixtures/kernels.ts'
import { failure, sandboxOptions } from '../pygrub/fixtures/sandbox-program.ts'

test('a start of an unchanged one needs no sandbox, and what its guest wrote is seen', async () => {
  const folder = temporaryFolder()
  const boot = join(folder, 'tree/boot')
  for (const path of [boot, join(folder, 'out')]) mkdirSync(path, { recursive: true })
  writeFileSync(join(boot, 'vmlinuz'), kernel)
  writeFileSync(join(boot, 'initrd'), ramdisk)
  writeFileSync(join(boot, 'extlinux.conf'), 'label a\nlinux vmlinuz\ninitrd initrd\nappend root=UUID=aaaa\n')
  const image = extImage(join(folder, 'image'), join(folder, 'tree'), { mebibytes: 8 })
  const disk = tool('losetup', ['--find', '--show', image]).trim()
  onTestFinished(() => void tool('losetup', ['-d', disk]))
  const options: SandboxOptions = { ...sandboxOptions(), cache: { directory: join(folder, 'cache'), maxMiB: 100 } }
  const start = (by: Partial<SandboxOptions> = {}) =>
    extractBoot({ disk, format: 'raw', outputDirectory: join(folder, 'out') }, { ...options, ...by })

  expect(await start()).toMatchObject({ cmdline: 'root=UUID=aaaa' })
  const second = await start({ program: '/none' })
  expect(second).toMatchObject({ cmdline: 'root=UUID=aaaa' })
  expect(readFileSync(second.kernel).equals(elfKernel())).toBe(true)
  // As a backend writes: into what lies behind the device, of which these pages are still in dom0's cache.
  // While somebody holds the device open, as the backend of a running guest does, nothing else empties that cache.
  const held = openSync(disk, 'r')
  onTestFinished(() => closeSync(held))
  const at = readFileSync(disk).indexOf('UUID=aaaa')
  const behind = openSync(image, 'r+')
  writeSync(behind, 'UUID=bbbb', at)
  closeSync(behind)
  await failure(start({ program: '/none' }))
  expect(await start()).toMatchObject({ cmdline: 'root=UUID=bbbb' })
})
