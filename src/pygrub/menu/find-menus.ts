import { attempt, type Budget, isRefusal, type Refusal } from '../disk-fault.ts'
import { type Disk, type Volume } from '../volumes.ts'
import { listDirectory, resolve } from '../fs/path.ts'
import { GRUB_PATHS, readGrubMenu } from './grub/grub-menu.ts'
import { LEGACY_GRUB_PATHS, readLegacyGrubMenu } from './legacy-grub.ts'
import { type Menu, type MenuFile } from './menu.ts'
import { readSyslinuxMenu, SYSLINUX_PATHS } from './syslinux.ts'
import { readSystemdBootMenu } from './systemd-boot.ts'
import { KERNEL_FOLDERS, kernelsWithoutMenu } from './without-menu.ts'

/** One kind of menu: where it lies, and its reader. */
interface MenuKind {
  /** For people, in the plural. */
  readonly name: string
  readonly paths: readonly string[]
  /** In folders of such a path, whatever their names, where nothing was found before. */
  readonly under?: { readonly folder: string; readonly file: string }
  /** Only looked for when there is no menu of a kind before. */
  readonly isLastResort?: true
  /** Null for what is part of a menu on another volume. */
  read(volume: Volume, path: string, options: MenuOptions): Menu | Refusal | null
}

export interface MenuOptions {
  readonly volumes: readonly Volume[]
  readonly budget: Budget
  note(text: string): void
}

/** Whom it is told: what matters in any case, and what only matters when nothing boots. */
interface MenuReport {
  note(text: string): void
  look(text: string): void
}

/** In the order in which they are tried, each on every volume: what a distribution installs last is what it boots with. */
const KINDS: readonly MenuKind[] = [
  { name: 'GRUB menus', paths: GRUB_PATHS, read: readGrubMenu },
  // What firmware starts: on RHEL the menu itself, elsewhere a pointer to one that was found above.
  {
    name: 'GRUB menus for firmware',
    paths: [],
    under: { folder: '/EFI', file: 'grub.cfg' },
    isLastResort: true,
    read: readGrubMenu,
  },
  { name: 'syslinux menus', paths: SYSLINUX_PATHS, read: readSyslinuxMenu },
  {
    name: 'boot loader entries',
    paths: ['/loader', '/EFI/Linux', '/boot/loader', '/boot/EFI/Linux'],
    read: (volume, _, options) => readSystemdBootMenu(volume, options),
  },
  { name: 'menus of GRUB 0.9x', paths: LEGACY_GRUB_PATHS, read: readLegacyGrubMenu },
  { name: 'kernels', paths: KERNEL_FOLDERS, isLastResort: true, read: kernelsWithoutMenu },
]

/**
 * The menus of a disk that can be read and have entries, one at a time; the others become notes. When all were asked for,
 * volumes without any are looked at in the report.
 */
export function* findMenus(disk: Disk, budget: Budget, report: MenuReport): Generator<MenuFile> {
  const options: MenuOptions = { volumes: disk.volumes, budget, note: report.note }
  const looked = new Map<MenuKind, Set<Volume>>()
  let isFirst = true
  for (const kind of KINDS) {
    if (kind.isLastResort === true && !isFirst) continue
    const withoutAny = new Set(disk.volumes)
    looked.set(kind, withoutAny)
    for (const volume of disk.volumes) {
      for (const path of placesOf(kind, volume, budget)) {
        const found = resolve(volume.filesystem, path, budget)
        if (isRefusal(found)) {
          if (found.isAbsent !== true) report.note(`${volume.name}:${found.refused}`)
          continue
        }
        withoutAny.delete(volume)
        const menu = attempt(() => kind.read(volume, path, options))
        if (isRefusal(menu)) {
          if (kind.read === kernelsWithoutMenu) report.look(menu.refused)
          else report.note(menu.refused)
          continue
        }
        if (menu === null) break
        isFirst = false
        yield { volume, path, menu }
        break
      }
    }
  }
  for (const [{ name, paths, under }, without] of looked) {
    if (without.size === 0) continue
    const places = under === undefined ? paths : [`${under.folder}/*/${under.file}`]
    report.look(`no ${name} on ${[...without].map((volume) => volume.name).join(', ')}: ${places.join(', ')}`)
  }
}

/** Folders that are looked into. */
const MAX_FOLDERS = 64

function placesOf({ paths, under }: MenuKind, volume: Volume, budget: Budget): readonly string[] {
  if (under === undefined) return paths
  const folders = listDirectory(volume.filesystem, under.folder, budget)
  if (isRefusal(folders)) return paths
  const names = folders.map(({ name }) => name).sort()
  return [...paths, ...names.slice(0, MAX_FOLDERS).map((name) => `${under.folder}/${name}/${under.file}`)]
}
