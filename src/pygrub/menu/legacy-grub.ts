/** Menus of GRUB 0.9x, menu.lst and grub.conf (GNU GRUB 0.97 Manual): numbered entries of title, root, kernel, initrd. */
import { isRefusal, type Refusal, refuse } from '../disk-fault.ts'
import { type Volume } from '../volumes.ts'
import { type MenuOptions } from './find-menus.ts'
import { readText } from './guest-files.ts'
import { type Menu, timeoutOf } from './menu.ts'
import { pathEntry } from './path-entry.ts'

export const LEGACY_GRUB_PATHS: readonly string[] = [
  ...['/boot/grub/menu.lst', '/boot/grub/grub.conf', '/grub/menu.lst', '/grub/grub.conf'],
]

const MAX_TITLES = 1000

interface Title {
  readonly title: string
  root: string | null
  kernel: string | null
  readonly initrds: string[]
  cmdline: string
}

export function readLegacyGrubMenu(volume: Volume, path: string, options: MenuOptions): Menu | Refusal {
  const text = readText(volume, path, options.budget)
  if (isRefusal(text)) return text
  const titles: Title[] = []
  let wanted = '0'
  let timeout = ''
  const fallbacks: number[] = []
  for (const line of text.split(/\r?\n/)) {
    options.budget.spend('steps')
    // "kernel=/x" and "kernel /x" are the same.
    const [, word = '', rest = ''] = /^\s*([A-Za-z_]+)(?:\s*=\s*|\s+|$)(.*?)\s*$/.exec(line) ?? []
    if (word === 'title') titles.push({ title: rest, root: null, kernel: null, initrds: [], cmdline: '' })
    else if (word === 'default') wanted = rest
    else if (word === 'timeout') timeout = rest
    else if (word === 'fallback') fallbacks.push(...rest.split(/\s+/).map(Number).filter(Number.isInteger))
    else readTitleLine(titles.at(-1), word, rest)
    if (titles.length > MAX_TITLES) return refuse(`${volume.name}:${path}: too many titles`)
  }
  if (titles.length === 0) return refuse(`${volume.name}:${path}: has no titles`)
  if (wanted === 'saved')
    options.note(`${volume.name}:${path}: "default saved" is kept outside the menu, so the first boots`)
  const number = /^\d+$/.test(wanted) ? Number(wanted) : 0
  const entries = titles.map((entry, index) => {
    const kernel = splitDevice(entry.kernel ?? '')
    const on = volumeOf(kernel.device ?? entry.root, volume, options)
    const files = { kernel: kernel.path, ramdisks: entry.initrds.map((file) => splitDevice(file).path) }
    return pathEntry(
      { ...files, title: entry.title, id: null, volume: on, cmdline: entry.cmdline },
      index,
      options.budget,
    )
  })
  return {
    entries,
    defaultIndex: number < titles.length ? number : 0,
    defaultBecause: `default is "${wanted}"`,
    fallbacks: fallbacks.filter((index) => index < titles.length),
    timeoutSeconds: timeoutOf(timeout),
  }
}

function readTitleLine(title: Title | undefined, word: string, rest: string): void {
  if (title === undefined) return
  if (word === 'root' || word === 'rootnoverify') title.root = rest
  else if (word === 'initrd') title.initrds.push(...rest.split(/\s+/))
  else if (word === 'kernel') {
    // Options such as --no-mem-option stand before the file.
    const [, kernel = '', cmdline = ''] = /^(?:--\S+\s+)*(\S*)\s*(.*)$/.exec(rest) ?? []
    title.kernel = kernel
    title.cmdline = cmdline
  }
}

const splitDevice = (path: string): { device: string | null; path: string } => {
  const match = /^\(([^)]*)\)(.*)$/.exec(path)
  return { device: match?.[1] ?? null, path: match?.[2] ?? path }
}

/** GRUB 0.9x counts partitions from 0, and the fifth is the first logical one. Without a table, (hd0) is the disk. */
function volumeOf(device: string | null, fallback: Volume, { volumes }: MenuOptions): Volume {
  const number = /,(\d+)/.exec(device ?? '')?.[1]
  if (number === undefined) return fallback
  const name = new RegExp(`^(?:gpt|msdos)${Number(number) + 1}$`)
  return volumes.find((volume) => name.test(volume.name)) ?? fallback
}
