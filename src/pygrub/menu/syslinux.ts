/** Menus of syslinux, extlinux and isolinux (Syslinux wiki, "Config"): labels in one file and the files it includes. */
import { isRefusal, type Refusal, refuse } from '../disk-fault.ts'
import { type Volume } from '../volumes.ts'
import { type MenuOptions } from './find-menus.ts'
import { readText } from './guest-files.ts'
import { type Menu, timeoutOf } from './menu.ts'
import { pathEntry } from './path-entry.ts'

export const SYSLINUX_PATHS: readonly string[] = [
  ...['/boot/extlinux/extlinux.conf', '/extlinux/extlinux.conf', '/boot/extlinux.conf', '/extlinux.conf'],
  ...['/boot/syslinux/syslinux.cfg', '/syslinux/syslinux.cfg', '/boot/syslinux.cfg', '/syslinux.cfg'],
  ...['/boot/isolinux/isolinux.cfg', '/isolinux/isolinux.cfg', '/isolinux.cfg'],
]

const MAX_INCLUDES = 32
const MAX_LABELS = 1000

interface Label {
  readonly name: string
  title: string | null
  kernel: string | null
  initrds: string[]
  append: string | null
}

interface Reading {
  readonly labels: Label[]
  /** The label named by DEFAULT, with what may follow it. */
  default: string | null
  /** The label named by ONTIMEOUT, which wins: nobody touches the menu. */
  onTimeout: string | null
  menuDefault: Label | null
  globalAppend: string
  /** TIMEOUT, in tenths of a second. */
  timeout: string
  includes: number
}

export function readSyslinuxMenu(volume: Volume, path: string, options: MenuOptions): Menu | Refusal {
  const reading: Reading = {
    labels: [],
    default: null,
    onTimeout: null,
    menuDefault: null,
    globalAppend: '',
    timeout: '',
    includes: 0,
  }
  const directory = path.slice(0, path.lastIndexOf('/'))
  const place = { volume, directory, options }
  const problem = readFile(place, path, reading)
  if (problem !== null) return problem
  const labels = reading.labels.filter(({ kernel }) => kernel !== null)
  if (labels.length === 0) return refuse(`${volume.name}:${path}: has no labels with a kernel`)
  const wanted = (reading.onTimeout ?? reading.default)?.split(/\s+/)[0]
  const named = labels.findIndex(({ name }) => name.toLowerCase() === wanted?.toLowerCase())
  const marked = reading.menuDefault === null ? -1 : labels.indexOf(reading.menuDefault)
  const index = reading.onTimeout === null && marked >= 0 ? marked : named
  return {
    entries: labels.map((label, at) =>
      pathEntry(
        { ...filesOf(label, directory, reading), title: label.title ?? label.name, id: label.name, volume },
        at,
        options.budget,
      ),
    ),
    defaultIndex: Math.max(0, index),
    defaultBecause:
      index < 0
        ? 'the file names no default that has a kernel, so it is the first'
        : `default is "${labels[index]?.name ?? ''}"`,
    fallbacks: [],
    // 0 waits for ever.
    timeoutSeconds: /^0*$/.test(reading.timeout) ? null : timeoutOf(reading.timeout, 10),
  }
}

function filesOf(label: Label, directory: string, reading: Reading) {
  const inPlace = (file: string): string => (file.startsWith('/') ? file : `${directory}/${file}`)
  const cmdline = label.append === '-' ? '' : (label.append ?? reading.globalAppend)
  // INITRD and initrd= in APPEND are two ways to say the same; the kernel sees the second as it is.
  const inAppend = /(?:^|\s)initrd=(\S+)/.exec(cmdline)?.[1]?.split(',') ?? []
  const ramdisks = (label.initrds.length > 0 ? label.initrds : inAppend).filter((file) => file !== '')
  return { kernel: inPlace(label.kernel ?? ''), ramdisks: ramdisks.map(inPlace), cmdline }
}

interface Place {
  readonly volume: Volume
  readonly directory: string
  readonly options: MenuOptions
}

function readFile(place: Place, path: string, reading: Reading): Refusal | null {
  const { volume, directory, options } = place
  const text = readText(volume, path, options.budget)
  if (isRefusal(text)) return text
  let isHelp = false
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    options.budget.spend('steps')
    const [, keyword = '', rest = ''] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? []
    const word = keyword.toLowerCase()
    if (word === 'endtext') isHelp = false
    if (isHelp || word === '' || word.startsWith('#')) continue
    if (word === 'text') isHelp = true
    else if (word === 'include' || (word === 'menu' && /^include\s/i.test(rest))) {
      const file = rest.replace(/^include\s+/i, '').split(/\s+/)[0] ?? ''
      if (++reading.includes > MAX_INCLUDES) return refuse(`${volume.name}:${path}: too many includes`)
      const problem = readFile(place, file.startsWith('/') ? file : `${directory}/${file}`, reading)
      if (problem !== null) options.note(`${volume.name}:${path}: line ${index + 1}: ${problem.refused}`)
    } else {
      readLine(word, rest, reading)
      if (reading.labels.length > MAX_LABELS) return refuse(`${volume.name}:${path}: too many labels`)
    }
  }
  return null
}

function readLine(word: string, rest: string, reading: Reading): void {
  const label = reading.labels.at(-1)
  if (word === 'label') reading.labels.push({ name: rest, title: null, kernel: null, initrds: [], append: null })
  else if (word === 'default') reading.default = rest
  else if (word === 'ontimeout') reading.onTimeout = rest
  else if (word === 'timeout') reading.timeout = rest
  else if (word === 'append' && label === undefined) reading.globalAppend = rest
  else if (label === undefined) return
  else if (word === 'append') label.append = rest
  else if (word === 'linux' || (word === 'kernel' && !/\.(c32|com|bin|bss|bs|0)$/i.test(rest)))
    readKernelLine(label, rest)
  else if (word === 'initrd') label.initrds = rest.split(',')
  else if (word === 'menu' && /^label\s/i.test(rest)) label.title = rest.replace(/^label\s+/i, '').replace('^', '')
  else if (word === 'menu' && /^default\b/i.test(rest)) reading.menuDefault = label
}

/** A kernel, with arguments after it where a file was written for LILO's habits. */
function readKernelLine(label: Label, rest: string): void {
  const [, kernel = '', args = ''] = /^(\S*)\s*(.*)$/.exec(rest) ?? []
  label.kernel = kernel
  if (args !== '') label.append ??= args
}
