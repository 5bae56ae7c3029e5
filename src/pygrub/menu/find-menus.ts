import { attempt, type Budget, isRefusal, type Refusal } from '../disk-fault.ts'
import { type Disk, type Volume } from '../volumes.ts'
import { guestNode } from './guest-files.ts'
import { GRUB_PATHS, readGrubMenu } from './grub/grub-menu.ts'
import { LEGACY_GRUB_PATHS, readLegacyGrubMenu } from './legacy-grub.ts'
import { type Menu, type MenuFile } from './menu.ts'
import { readSyslinuxMenu, SYSLINUX_PATHS } from './syslinux.ts'
import { readSystemdBootMenu } from './systemd-boot.ts'
import { KERNEL_FOLDERS, kernelsWithoutMenu } from './without-menu.ts'

/** One kind of menu: where it lies, and its reader. */
interface MenuKind {
  readonly paths: readonly string[]
  read(volume: Volume, path: string, options: MenuOptions): Menu | Refusal
}

export interface MenuOptions {
  readonly volumes: readonly Volume[]
  readonly budget: Budget
  note(text: string): void
}

/** In the order in which they are tried, each on every volume: what a distribution installs last is what it boots with. */
const KINDS: readonly MenuKind[] = [
  { paths: GRUB_PATHS, read: readGrubMenu },
  { paths: SYSLINUX_PATHS, read: readSyslinuxMenu },
  {
    paths: ['/loader', '/EFI/Linux', '/boot/loader', '/boot/EFI/Linux'],
    read: (volume, _, options) => readSystemdBootMenu(volume, options),
  },
  { paths: LEGACY_GRUB_PATHS, read: readLegacyGrubMenu },
  { paths: KERNEL_FOLDERS, read: kernelsWithoutMenu },
]

/** The menus of a disk that can be read and have entries, one at a time; the others become notes. */
export function* findMenus(disk: Disk, budget: Budget, note: (text: string) => void): Generator<MenuFile> {
  const options: MenuOptions = { volumes: disk.volumes, budget, note }
  let isFirst = true
  for (const kind of KINDS) {
    // Without a menu means: only when there was none.
    if (kind.read === kernelsWithoutMenu && !isFirst) return
    for (const volume of disk.volumes) {
      for (const path of kind.paths) {
        if (guestNode(volume, path, budget) === null) continue
        const menu = attempt(() => kind.read(volume, path, options))
        if (isRefusal(menu)) {
          if (kind.read !== kernelsWithoutMenu) note(menu.refused)
          continue
        }
        isFirst = false
        yield { volume, path, menu }
        break
      }
    }
  }
}
