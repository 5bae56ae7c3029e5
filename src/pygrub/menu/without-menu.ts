/** When a guest has no menu at all: its kernels in /boot and /, the newest first, each with the ramdisk of its name. */
import { type Budget, isRefusal, type Refusal, refuse } from '../disk-fault.ts'
import { listDirectory } from '../fs/path.ts'
import { type Volume } from '../volumes.ts'
import { type MenuOptions } from './find-menus.ts'
import { guestNode } from './guest-files.ts'
import { type Menu } from './menu.ts'
import { pathEntry } from './path-entry.ts'
import { compareRpmVersions } from './version-order.ts'

export const KERNEL_FOLDERS: readonly string[] = ['/boot', '/']

const KERNEL = /^(?:vmlinuz|vmlinux|kernel|bzImage)(?:-(.+))?$/
/** Ramdisk names of distributions for a kernel version: Debian, Fedora, SUSE, Arch and Alpine. */
const ramdiskNames = (version: string | undefined): string[] =>
  version === undefined
    ? ['initrd.img', 'initrd', 'initramfs', 'initramfs.img']
    : [
        `initrd.img-${version}`,
        `initramfs-${version}.img`,
        `initrd-${version}`,
        `initramfs-${version}`,
        `initrd-${version}.img`,
      ]

export function kernelsWithoutMenu(volume: Volume, folder: string, options: MenuOptions): Menu | Refusal {
  const { budget } = options
  const files = listDirectory(volume.filesystem, folder, budget)
  if (isRefusal(files)) return files
  const names = new Set(files.map(({ name }) => name))
  const kernels = [...names].flatMap((name) => {
    const match = KERNEL.exec(name)
    const isRescue = /rescue|\.old$|\.bak$/.test(name)
    return match === null || isRescue ? [] : [{ name, version: match[1] }]
  })
  kernels.sort((left, right) => compareRpmVersions(right.version ?? '', left.version ?? ''))
  if (kernels.length === 0) return refuse(`${volume.name}:${folder}: no kernels`)
  const inFolder = (name: string): string => `${folder === '/' ? '' : folder}/${name}`
  const cmdline = rootArgument(volume, budget)
  options.note(`${volume.name}:${folder}: there is no boot menu, so the newest kernel is taken, with "${cmdline}"`)
  return {
    entries: kernels.map(({ name, version }, index) => {
      const ramdisk = ramdiskNames(version).find((candidate) => names.has(candidate))
      const ramdisks = ramdisk === undefined ? [] : [inFolder(ramdisk)]
      return pathEntry(
        { title: name, id: version ?? name, volume, kernel: inFolder(name), ramdisks, cmdline },
        index,
        budget,
      )
    }),
    defaultIndex: 0,
    defaultBecause: 'there is no menu, so it is the newest',
    fallbacks: [],
    timeoutSeconds: null,
  }
}

/** A filesystem with /etc is the root one; of any other it is not known which is. */
function rootArgument(volume: Volume, budget: Budget): string {
  const { uuid } = volume.filesystem
  return uuid !== null && guestNode(volume, '/etc', budget)?.kind === 'directory' ? `root=UUID=${uuid} ro` : ''
}
