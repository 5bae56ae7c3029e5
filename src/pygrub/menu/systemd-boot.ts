/** systemd-boot's menu: entries of the Boot Loader Specification and unified kernel images, in its order (UAPI.1, "Sorting"). */
import { type Budget, isRefusal, type Refusal, refuse } from '../disk-fault.ts'
import { listDirectory } from '../fs/path.ts'
import { type Volume } from '../volumes.ts'
import { type MenuOptions } from './find-menus.ts'
import { guestFile, readText } from './guest-files.ts'
import { ENTRY_FOLDERS, type LoaderEntry, parseLoaderEntry, readLoaderEntries } from './loader-entries.ts'
import { type Menu, type MenuEntry } from './menu.ts'
import { pathEntry } from './path-entry.ts'
import { readUnifiedKernel } from './unified-kernel.ts'
import { compareUapiVersions } from './version-order.ts'

const IMAGE_FOLDERS: readonly string[] = ['/EFI/Linux', '/boot/EFI/Linux']

interface Sortable {
  readonly id: string
  readonly sortKey: string | null
  readonly machineId: string
  readonly version: string
  /** It failed to boot so often that it has no tries left. */
  readonly isBad: boolean
  at(index: number): MenuEntry
}

/** The menu of a volume that holds entries or images; its files are looked for on that volume. */
export function readSystemdBootMenu(volume: Volume, options: MenuOptions): Menu | Refusal {
  const found = [...entriesOf(volume, options), ...imagesOf(volume, options)].sort(compareEntries)
  if (found.length === 0) return refuse(`${volume.name}: no boot loader entries`)
  const config = readText(volume, '/loader/loader.conf', options.budget)
  const pattern = isRefusal(config) ? null : parseLoaderEntry('loader', config).value('default')
  const index = pattern === null ? 0 : found.findIndex(({ id }) => matchesGlob(id, pattern))
  if (index < 0) options.note(`${volume.name}:/loader/loader.conf: its default "${pattern ?? ''}" matches no entry`)
  return {
    entries: found.map((entry, at) => entry.at(at)),
    defaultIndex: Math.max(0, index),
    defaultBecause:
      pattern !== null && index >= 0
        ? `loader.conf says "default ${pattern}"`
        : 'it is first in the order of the Boot Loader Specification',
    fallbacks: [],
  }
}

function entriesOf(volume: Volume, options: MenuOptions): Sortable[] {
  return ENTRY_FOLDERS.flatMap((folder) => {
    const entries = readLoaderEntries(volume, folder, options)
    return isRefusal(entries) ? [] : entries.map((entry) => sortable(volume, entry, options))
  })
}

function sortable(volume: Volume, entry: LoaderEntry, { budget }: MenuOptions): Sortable {
  const [id, isBad] = tries(entry.id)
  const kernel = entry.value('linux')
  const unified = entry.value('efi') ?? entry.value('uki')
  return {
    id,
    isBad,
    sortKey: entry.value('sort-key'),
    machineId: entry.value('machine-id') ?? '',
    version: entry.value('version') ?? '',
    at(index) {
      const title = entry.value('title') ?? id
      if (kernel === null && unified !== null) return imageEntry({ volume, path: unified, title, id }, index, budget)
      const files = {
        kernel: kernel ?? '',
        ramdisks: entry.values('initrd'),
        cmdline: entry.values('options').join(' '),
      }
      return pathEntry({ ...files, title, id, volume }, index, budget)
    },
  }
}

/** `name+3-1` counts tries left and done (UAPI.1, "Boot counting"). */
function tries(name: string): [string, boolean] {
  const match = /^(.*)\+(\d+)(?:-\d+)?$/.exec(name)
  return match === null ? [name, false] : [match[1] ?? name, Number(match[2]) === 0]
}

function imagesOf(volume: Volume, { budget }: MenuOptions): Sortable[] {
  return IMAGE_FOLDERS.flatMap((folder) => {
    const files = listDirectory(volume.filesystem, folder, budget)
    if (isRefusal(files)) return []
    return files.flatMap(({ name }) =>
      /\.efi$/i.test(name) ? [imageSortable(volume, `${folder}/${name}`, name, budget)] : [],
    )
  })
}

function imageSortable(volume: Volume, path: string, name: string, budget: Budget): Sortable {
  const [stem, isBad] = tries(name.replace(/\.efi$/i, ''))
  const image = guestFile(volume, path, budget)
  const unified = isRefusal(image) ? image : readUnifiedKernel(image)
  const release = isRefusal(unified) ? new Map<string, string>() : unified.release
  const id = `${stem}.efi`
  return {
    id,
    isBad,
    sortKey: release.get('IMAGE_ID') ?? release.get('ID') ?? null,
    machineId: '',
    version:
      (isRefusal(unified) ? null : unified.version) ?? release.get('IMAGE_VERSION') ?? release.get('VERSION_ID') ?? '',
    at: (index) => imageEntry({ volume, path, title: release.get('PRETTY_NAME') ?? stem, id }, index, budget),
  }
}

interface Image {
  readonly volume: Volume
  readonly path: string
  readonly title: string
  readonly id: string
}

const imageEntry = ({ volume, path, title, id }: Image, index: number, budget: Budget): MenuEntry => ({
  title,
  id,
  path: String(index),
  submenu: () => null,
  boot() {
    const image = guestFile(volume, path, budget)
    if (isRefusal(image)) return image
    const unified = readUnifiedKernel(image)
    return isRefusal(unified) ? unified : unified.boot
  },
})

function compareEntries(left: Sortable, right: Sortable): number {
  if (left.isBad !== right.isBad) return left.isBad ? 1 : -1
  if ((left.sortKey === null) !== (right.sortKey === null)) return left.sortKey === null ? 1 : -1
  const byKey = compareText(left.sortKey ?? '', right.sortKey ?? '') || compareText(left.machineId, right.machineId)
  const byVersion = left.sortKey === null ? 0 : compareUapiVersions(right.version, left.version)
  return byKey || byVersion || compareUapiVersions(right.id, left.id)
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Shell patterns with `*` and `?`; linear in the text for every pattern. */
function matchesGlob(text: string, pattern: string): boolean {
  let [at, next, star, mark] = [0, 0, -1, 0]
  const [subject, glob] = [text.toLowerCase(), pattern.toLowerCase().replace(/\.conf$/, '')]
  while (at < subject.length) {
    if (glob[next] === '?' || (glob[next] !== '*' && glob[next] === subject[at])) {
      at++
      next++
    } else if (glob[next] === '*') {
      star = next++
      mark = at
    } else if (star >= 0) {
      next = star + 1
      at = ++mark
    } else {
      return false
    }
  }
  return /^\**$/.test(glob.slice(next))
}
