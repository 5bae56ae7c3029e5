/** The disks that the boot loader is measured with: random bytes as kernel and ramdisk, a menu of three lines. */
import { execFileSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { elfKernel } from '../test/pygrub/fixtures/kernels.ts'

const MEBIBYTE = 1024 * 1024
const FIRST_SECTOR = 2048

export interface BootImage {
  readonly name: string
  readonly path: string
}

/** As big as a kernel's vmlinux, with the banner where one has it, and bytes that no packing makes smaller. */
function vmlinux(bytes: number): Buffer {
  const head = elfKernel()
  const file = randomFillSync(Buffer.alloc(bytes))
  head.copy(file)
  file.write('Linux version 6.1.0-bench (bench) #1 SMP\n\0', Math.floor(bytes * 0.6), 'latin1')
  // The banner that it had as a kernel of a few bytes.
  file.fill(0, head.indexOf('Linux version'), head.length)
  return file
}

function tree(folder: string, kernelMiB: number, ramdiskMiB: number): string {
  mkdirSync(join(folder, 'boot/grub'), { recursive: true })
  writeFileSync(join(folder, 'boot/vmlinuz'), vmlinux(kernelMiB * MEBIBYTE))
  writeFileSync(join(folder, 'boot/initrd'), randomFillSync(Buffer.alloc(ramdiskMiB * MEBIBYTE)))
  const menu =
    "set default=0\nmenuentry 'bench' {\n\tlinux /boot/vmlinuz root=/dev/xvda1 ro\n\tinitrd /boot/initrd\n}\n"
  writeFileSync(join(folder, 'boot/grub/grub.cfg'), menu)
  return folder
}

const run = (file: string, args: readonly string[], input = ''): void => {
  execFileSync(file, args, { input, env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } })
}

const ext4 = (path: string, from: string, block: number, mebibytes: number): string => {
  run('mke2fs', ['-q', '-F', '-t', 'ext4', '-b', String(block), '-d', from, path, `${mebibytes}M`])
  return path
}

/** An ESP without anything, then the filesystem. */
function gpt(path: string, image: string): string {
  writeFileSync(path, '')
  truncateSync(path, 280 * MEBIBYTE)
  const esp = 8 * MEBIBYTE
  run('sfdisk', ['-q', path], `label: gpt\nstart=${FIRST_SECTOR},size=8MiB,type=uefi\nsize=256MiB,type=linux\n`)
  const at = (FIRST_SECTOR * 512 + esp) / MEBIBYTE
  run('dd', [`if=${image}`, `of=${path}`, 'bs=1M', `seek=${at}`, 'conv=notrunc', 'status=none'])
  return path
}

export function bootImages(folder: string): BootImage[] {
  const small = tree(join(folder, 'small'), 12, 30)
  const large = tree(join(folder, 'large'), 30, 60)
  const in4k = ext4(join(folder, 'b'), large, 4096, 256)
  return [
    { name: '100 MB ext4, 12 + 30 MB', path: ext4(join(folder, 'a'), small, 4096, 100) },
    { name: '256 MB ext4 of 4 KiB blocks, 30 + 60 MB', path: in4k },
    { name: '256 MB ext4 of 1 KiB blocks, 30 + 60 MB', path: ext4(join(folder, 'c'), large, 1024, 256) },
    { name: 'GPT, 30 + 60 MB', path: gpt(join(folder, 'd'), in4k) },
  ]
}
