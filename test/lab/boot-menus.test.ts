/** Guests boot from the kinds of menus and images that distributions rarely use for guests; their disks are made here, by the ordinary tools. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MATERIAL } from '../../lab/demo-guests.ts'
import { dom0 } from '../../lab/dom0.ts'
import { fatImage, isoImage, partitionedDisk, tool } from '../pygrub/fixtures/images.ts'
import { bzImage } from '../pygrub/fixtures/kernels.ts'
import { peFile } from '../pygrub/fixtures/pe-file.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'
import { hardwareVirtualized } from './small-guests.ts'

const DISKS = '/srv/boot-menus'
/** What a FAT with a kernel and its ramdisk takes. */
const MEBIBYTES = 40

let daemon: LabDaemon
let folder: string
let kernel: Buffer
let ramdisk: Buffer

const inFolder = (...names: string[]) => join(folder, ...names)

/** Files below a folder of their own, which is returned. */
function tree(name: string, files: Readonly<Record<string, Buffer | string>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(inFolder(name), path, '..'), { recursive: true })
    writeFileSync(join(inFolder(name), path), content)
  }
  return inFolder(name)
}

/** A disk with an EFI system partition of these files. */
function espDisk(name: string, files: Readonly<Record<string, Buffer | string>>): void {
  const image = fatImage(inFolder(`${name}.fat`), tree(name, files), ['-F', '32'], MEBIBYTES)
  partitionedDisk(inFolder(`${name}.img`), 'gpt', [{ row: 'type=uefi', image, mebibytes: MEBIBYTES }])
}

const entry = (title: string, word: string) =>
  `title ${title}\nsort-key lab\nversion ${word}\nlinux /linux\ninitrd /initrd\noptions console=hvc0 quiet entry=${word}\n`

function makeDisks(): void {
  espDisk('systemd-boot', {
    linux: kernel,
    initrd: ramdisk,
    'loader/loader.conf': 'timeout 3\ndefault lab-1*\n',
    'loader/entries/lab-2.conf': entry('Lab Linux 2', '2.0'),
    'loader/entries/lab-1.conf': entry('Lab Linux 1', '1.0'),
  })
  espDisk('unified', {
    'EFI/Linux/lab-3.efi': peFile({
      '.osrel': 'ID=lab\nPRETTY_NAME="Lab Linux 3"\nVERSION_ID=3\n',
      '.cmdline': 'console=hvc0 quiet entry=unified\0',
      '.linux': kernel,
      '.initrd': ramdisk,
    }),
  })
  const menu =
    'DEFAULT live\nLABEL live\n  MENU LABEL Lab Live\n  KERNEL /live/vmlinuz\n  APPEND initrd=/live/initrd console=hvc0 quiet entry=live\n'
  const cd = tree('cd', { 'isolinux/isolinux.cfg': menu, 'live/vmlinuz': kernel, 'live/initrd': ramdisk })
  isoImage(inFolder('isolinux.img'), cd, ['-R', '-J'])
  tool('qemu-img', ['convert', '-O', 'vpc', inFolder('systemd-boot.img'), inFolder('vhd.img')])
}

beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  folder = mkdtempSync(join(tmpdir(), 'tetrarch-boot-menus-'))
  for (const file of ['vmlinux', 'initrd-pv.img']) await dom0.pull(`${MATERIAL}/${file}`, inFolder(file))
  const unpacked = await readFile(inFolder('vmlinux'))
  // Packed as other distributions do it, and unpacked in less time than xz.
  kernel = bzImage(gzipSync(unpacked), null)
  ramdisk = await readFile(inFolder('initrd-pv.img'))
  makeDisks()
  await dom0.sh(`rm -rf ${DISKS}; mkdir -p ${DISKS}`)
  for (const { disk } of guests) await dom0.push(inFolder(`${disk}.img`), `${DISKS}/${disk}.img`)
})
afterAll(async () => {
  await daemon.clear()
  await dom0.sh(`rm -rf ${DISKS}`)
  rmSync(folder, { recursive: true, force: true })
})

/** QEMU opens no VHD read-only. */
const guests = [
  { disk: 'systemd-boot', type: 'pv', format: 'raw', access: 'ro', what: 'Lab Linux 1', word: '1.0' },
  { disk: 'unified', type: 'pvh', format: 'raw', access: 'ro', what: 'Lab Linux 3', word: 'unified' },
  { disk: 'isolinux', type: 'pv', format: 'raw', access: 'ro', what: 'Lab Live', word: 'live' },
  { disk: 'vhd', type: 'pv', format: 'vhd', access: 'rw', what: 'Lab Linux 1', word: '1.0' },
] as const

test.each(guests)('$disk boots as $type', hardwareVirtualized, async ({ disk, type, format, access, what, word }) => {
  await daemon.clear()
  const target = `format=${format},vdev=xvda,access=${access},target=${DISKS}/${disk}.img`
  await daemon.create(`name = "${disk}"\ntype = "${type}"\nmemory = 128\ndisk = ["${target}"]\n`)
  const { booted, domid } = await daemon.guest(disk)
  expect(booted).toMatchObject({ how: 'boot-loader', what: expect.stringContaining(what) as string })
  const [listed] = JSON.parse(await dom0.sh(`xl list -l ${domid}`)) as { config: { b_info: { cmdline: string } } }[]
  expect(listed?.config.b_info.cmdline).toContain(`entry=${word}`)
  expect(await daemon.marker(disk, { type: type.toUpperCase() })).toContain('disks=xvda ')
})
