/** systemd-boot's menu: entries of the Boot Loader Specification and unified kernel images, in its order (UAPI.1, "Sorting"). */
import { type Budget, isRefusal, type Refusal, refuse } from '../disk-fault.ts'
import { EFI_SYSTEM_PARTITION } from '../disk/partitions.ts'
import { type DirectoryEntry } from '../fs/filesystem.ts'
import { listDirectory } from '../fs/path.ts'
import { type Volume } from '../volumes.ts'
import { type MenuOptions } from './find-menus.ts'
import { guestFile, guestNode, readText } from './guest-files.ts'
import { ENTRY_FOLDERS, type LoaderEntry, parseLoaderEntry, readLoaderEntries } from './loader-entries.ts'
import { type Menu, type MenuEntry, timeoutOf } from './menu.ts'
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

/** Partition types by which systemd-boot knows where its files are (UAPI.2, Discoverable Partitions Specification). */
const ESP = new Set([EFI_SYSTEM_PARTITION, '0xef'])
const EXTENDED_BOOT = new Set(['bc13c2ff-59e6-4262-a352-b275fd6f7172', '0xea'])

/**
 * The menu of a volume that holds entries or images; their files are looked for on their own volume. An ESP's menu takes in
 * the entries of an extended boot partition, which is then no menu of its own.
 */
export function readSystemdBootMenu(volume: Volume, options: MenuOptions): Menu | Refusal | null {
  const holders = holdersOf(volume, options)
  if (holders[0] !== volume) return null
  const found = holders
    .flatMap((holder) => [...entriesOf(holder, options), ...imagesOf(holder, options)])
    .sort(compareEntries)
  if (found.length === 0) return refuse(`${volume.name}: no boot loader entries`)
  const config = configOf(volume, options)
  const pattern = config?.value('default') ?? null
  const index = pattern === null ? 0 : found.findIndex(({ id }) => matchesGlob(id, pattern))
  if (pattern === '@saved')
    options.note(`${volume.name}:${CONFIG}: its default "@saved" is kept by the firmware, outside the disk`)
  else if (index < 0) options.note(`${volume.name}:${CONFIG}: its default "${pattern ?? ''}" matches no entry`)
  return {
    entries: found.map((entry, at) => entry.at(at)),
    defaultIndex: Math.max(0, index),
    defaultBecause:
      pattern !== null && index >= 0
        ? `loader.conf says "default ${pattern}"`
        : 'it is first in the order of the Boot Loader Specification',
    fallbacks: [],
    timeoutSeconds: config === null ? null : timeoutOf(config.value('timeout') ?? '0'),
  }
}

/** The volumes of the menu that a volume is part of, the one with the configuration first. */
function holdersOf(volume: Volume, { volumes, budget }: MenuOptions): readonly Volume[] {
  const isOf = (types: ReadonlySet<string>) => (each: Volume) => types.has(each.partition.type)
  const esp = volumes.find((each) => isOf(ESP)(each) && guestNode(each, '/loader', budget) !== null)
  const extended = volumes.find(isOf(EXTENDED_BOOT))
  const isPair = esp !== undefined && extended !== undefined && (volume === esp || volume === extended)
  return isPair ? [esp, extended] : [volume]
}

const CONFIG = '/loader/loader.conf'

function configOf(volume: Volume, { budget, note }: MenuOptions): LoaderEntry | null {
  const text = readText(volume, CONFIG, budget)
  if (!isRefusal(text)) return parseLoaderEntry('loader', text)
  if (text.isAbsent !== true) note(text.refused)
  return null
}

/** What is in a folder; one that is there and cannot be read becomes a note. */
function filesIn(volume: Volume, folder: string, { budget, note }: MenuOptions): readonly DirectoryEntry[] {
  const files = listDirectory(volume.filesystem, folder, budget)
  if (!isRefusal(files)) return files
  if (files.isAbsent !== true) note(`${volume.name}:${folder}: ${files.refused}`)
  return []
}

function entriesOf(volume: Volume, options: MenuOptions): Sortable[] {
  return ENTRY_FOLDERS.flatMap((folder) => {
    const entries = readLoaderEntries(volume, folder, options)
    if (!isRefusal(entries)) return entries.map((entry) => sortable(volume, entry, options))
    if (entries.isAbsent !== true) options.note(`${volume.name}:${folder}: ${entries.refused}`)
    return []
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

function imagesOf(volume: Volume, options: MenuOptions): Sortable[] {
  return IMAGE_FOLDERS.flatMap((folder) => {
    const images = filesIn(volume, folder, options).filter(({ name }) => /\.efi$/i.test(name))
    return images.map(({ name }) => imageSortable(volume, `${folder}/${name}`, name, options))
  })
}

function imageSortable(volume: Volume, path: string, name: string, { budget, note }: MenuOptions): Sortable {
  const [stem, isBad] = tries(name.replace(/\.efi$/i, ''))
  const image = guestFile(volume, path, budget)
  const unified = isRefusal(image) ? image : readUnifiedKernel(image)
  if (isRefusal(unified)) note(unified.refused)
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
