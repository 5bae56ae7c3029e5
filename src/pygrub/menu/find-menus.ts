import { attempt, type Budget, isRefusal, type Refusal } from '../disk-fault.ts'
import { type Disk, type Volume } from '../volumes.ts'
import { guestNode } from './guest-files.ts'
import { GRUB_PATHS, readGrubMenu } from './grub/grub-menu.ts'
import { type Menu, type MenuFile } from './menu.ts'

/** One kind of menu: where its file lies, and its reader. */
interface MenuKind {
  readonly paths: readonly string[]
  read(volume: Volume, path: string, options: MenuOptions): Menu | Refusal
}

export interface MenuOptions {
  readonly volumes: readonly Volume[]
  readonly budget: Budget
  note(text: string): void
}

/** In the order in which they are tried on each volume. */
const KINDS: readonly MenuKind[] = [{ paths: GRUB_PATHS, read: readGrubMenu }]

/** The menu files of a disk that can be read and have entries, one at a time; the others become notes. */
export function* findMenus(disk: Disk, budget: Budget, note: (text: string) => void): Generator<MenuFile> {
  const options: MenuOptions = { volumes: disk.volumes, budget, note }
  for (const kind of KINDS) {
    for (const volume of disk.volumes) {
      for (const path of kind.paths) {
        if (guestNode(volume, path, budget)?.kind !== 'file') continue
        const menu = attempt(() => kind.read(volume, path, options))
        if (isRefusal(menu)) note(menu.refused)
        else yield { volume, path, menu }
      }
    }
  }
}
