/** Disks to be damaged, each with a kernel and menus of every kind. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { debianDisk, kernel } from '../fixtures/debian.ts'
import { differencingVhd } from '../fixtures/differencing-vhd.ts'
import {
  btrfsImage,
  extImage,
  fatImage,
  isoImage,
  keptDisk,
  partitionedDisk,
  tool,
  xfsImage,
} from '../fixtures/images.ts'
import { bufferSource, type Source } from '../../../src/pygrub/disk/source.ts'
import type { DiskFormat } from '../../../src/pygrub/types.ts'

const grub = `if [ -s $prefix/grubenv ]; then load_env; fi
for i in a b; do
if [ -f /boot/vmlinuz-1 ]; then
menuentry "a $i" --id b$i {
search -f --set=root /boot/vmlinuz-1
linux /boot/vmlinuz-1 ro root=$i
initrd /boot/initrd.img-1
}
fi
done
submenu more { menuentry c { linux /boot/link ro } }
blscfg
`
const files: Readonly<Record<string, string | Buffer>> = {
  'boot/vmlinuz-1': kernel,
  'boot/initrd.img-1': 'ramdisk',
  'boot/grub/grub.cfg': grub,
  'boot/grub/grubenv': `# GRUB Environment Block\nsaved_entry=ba\n${'#'.repeat(900)}\n`,
  'boot/extlinux/extlinux.conf': 'default a\nlabel a\nlinux /boot/vmlinuz-1\ninitrd /boot/initrd.img-1\nappend ro\n',
  'boot/grub/menu.lst': 'default 0\ntitle a\nroot (hd0,0)\nkernel /boot/vmlinuz-1 ro\ninitrd /boot/initrd.img-1\n',
  'loader/entries/a.conf': 'title a\nversion 1\nlinux /boot/vmlinuz-1\noptions ro\n',
  'boot/loader/entries/b+3.conf': 'title b\nsort-key b\nlinux /boot/vmlinuz-1\noptions ro\n',
  'etc/fstab': '/dev/sda1 / ext4 defaults 0 1\n',
  'etc/os-release': 'PRETTY_NAME="A system"\n',
}

function bootTree(folder: string): string {
  const tree = join(folder, 'tree')
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(tree, path, '..'), { recursive: true })
    writeFileSync(join(tree, path), content)
  }
  return tree
}

const converted = (folder: string, from: string, ...args: string[]): string => {
  tool('qemu-img', ['convert', '-f', 'raw', ...args, from, join(folder, 'converted')])
  return join(folder, 'converted')
}

type Make = (folder: string, tree: string) => string
const ext4 = (folder: string, tree: string, ...features: string[]): string =>
  extImage(join(folder, 'ext4'), tree, { args: ['-t', 'ext4', ...features], mebibytes: 8 })

const single: Readonly<Record<string, readonly [DiskFormat, Make]>> = {
  'GPT and ext4': ['raw', (folder) => debianDisk(folder)],
  'MBR and ext2': [
    'raw',
    (folder, tree) => {
      const image = extImage(join(folder, 'ext2'), tree, { args: ['-t', 'ext2', '-b', '1024'], mebibytes: 8 })
      const rows = ['type=83', 'type=5', 'type=83'].map((row) => ({ row, image: null, mebibytes: 9 }))
      return partitionedDisk(join(folder, 'disk'), 'dos', [
        ...rows.slice(0, 1),
        { row: 'type=83', image, mebibytes: 9 },
      ])
    },
  ],
  'ext4 with inline data': ['raw', (folder, tree) => ext4(folder, tree, '-O', 'inline_data')],
  'ext4 with bigalloc': ['raw', (folder, tree) => ext4(folder, tree, '-O', 'bigalloc,meta_bg,^resize_inode')],
  XFS: ['raw', (folder, tree) => xfsImage(join(folder, 'image'), tree)],
  'XFS of version 4': ['raw', (folder, tree) => xfsImage(join(folder, 'image'), tree, ['-m', 'crc=0'])],
  btrfs: ['raw', (folder, tree) => btrfsImage(join(folder, 'image'), tree)],
  FAT16: ['raw', (folder, tree) => fatImage(join(folder, 'image'), tree, ['-F', '16'])],
  FAT32: ['raw', (folder, tree) => fatImage(join(folder, 'image'), tree, ['-F', '32', '-s', '1'], 40)],
  'ISO 9660': ['raw', (folder, tree) => isoImage(join(folder, 'image'), tree, ['-R', '-J'])],
  'ISO 9660 with El Torito': [
    'raw',
    (folder, tree) => {
      fatImage(join(folder, 'tree/efi.img'), join(tree, 'boot/extlinux'), ['-F', '12'], 4)
      return isoImage(join(folder, 'image'), tree, ['-R', '-e', 'efi.img', '-no-emul-boot'])
    },
  ],
  qcow2: ['qcow2', (folder, tree) => converted(folder, ext4(folder, tree), '-O', 'qcow2', '-c')],
  VHD: ['vhd', (folder, tree) => converted(folder, ext4(folder, tree), '-O', 'vpc', '-o', 'force_size=on')],
}

export interface DamagedImage {
  readonly format: DiskFormat
  readonly source: Source
}

/** The disks by name, the guest's own image first. Made once; all in memory. */
export function fuzzedDisks(newFolder: () => string): Readonly<Record<string, readonly DamagedImage[]>> {
  const source = (path: string): Source => bufferSource(readFileSync(path))
  const made = Object.entries(single).map(([name, [format, make]]) => {
    const folder = newFolder()
    return [name, [{ format, source: source(make(folder, bootTree(folder))) }]] as const
  })
  const kept = ['lvm', 'lvm-spread', 'xfs', 'btrfs-zlib', 'btrfs-lzo', 'btrfs-zstd'].map(
    (name) => [name, [{ format: 'qcow2', source: bufferSource(keptDisk(name)) }]] as const,
  )
  return { ...Object.fromEntries(made), ...Object.fromEntries(kept), 'differencing VHD': vhdChain(newFolder()) }
}

function vhdChain(folder: string): DamagedImage[] {
  const base = ext4(folder, bootTree(folder))
  const parent = converted(folder, base, '-O', 'vpc', '-o', 'subformat=dynamic,force_size=on')
  const image = join(folder, 'image')
  writeFileSync(image, readFileSync(base))
  tool('debugfs', ['-w', '-R', 'rm /boot/grub/grub.cfg', image])
  const child = differencingVhd(join(folder, 'child'), { image, base, parent, name: 'converted' })
  return [child, parent].map((path) => ({ format: 'vhd', source: bufferSource(readFileSync(path)) }))
}
