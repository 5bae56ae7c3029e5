import { extname, resolve } from 'node:path'
import type { BootEntries, BootEntry, BootSubject } from '../../api/boot-entries.ts'
import { bootDiskFormats } from '../../words/boot-disk-formats.ts'
import { TetrarchError, fail } from '../../words/errors.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { isDefinitionText, isFileWord, isThere, readDefinitionFile } from '../definition-file.ts'
import { onGuest } from '../did-you-mean.ts'
import { type Column, renderTable } from '../render/table.ts'
import { labelled } from '../../words/wrap.ts'

export const command: Command = {
  usage: '<guest-or-file>',
  options: [
    ['-l, --long', 'files and command line of each entry'],
    ['--format <format>', 'of an image: raw, qcow2 or vhd; without it, as its name ends'],
  ],
  details: [
    'A word without a "/" is a guest by its name, uuid or domain id, or else a file. A file is a definition in the syntax of xl.cfg, or a disk image or block device of dom0.',
    'A star marks the entry that boots when nobody chooses. MODES are those in which its kernel can be started, by its ELF notes. To boot another one: tetrarch create --entry, or bootloader_args = ["--entry=PATH"] in the definition.',
    'The disk is read in a sandbox without rights.',
  ],
  examples: ['tetrarch boot-entries web', 'tetrarch boot-entries ./web.cfg', 'tetrarch boot-entries -l /dev/vg0/web'],
  run: async (context, { args: [word = ''], flag, text }) => {
    const menu = await read(context, word, text('format'))
    context.show(menu, () => (flag('long') ? longLines(menu, context) : shortLines(menu, context)))
  },
}

/** A guest by this name, or else a file. */
async function read(context: Context, word: string, format: string | null): Promise<BootEntries> {
  const ask = (body: BootSubject) => context.client.call('bootEntries', { body })
  if (isFileWord(word) || format !== null) return await ask(subjectOf(word, format))
  try {
    return await onGuest(context, word, () => ask({ guest: word }))
  } catch (error) {
    if (error instanceof TetrarchError && error.code === 'not-found' && isThere(word))
      return await ask(subjectOf(word, format))
    throw error
  }
}

/** Never by the first bytes: a guest could have written them. */
function subjectOf(file: string, format: string | null): BootSubject {
  if (format === null && isDefinitionText(file)) return { definition: readDefinitionFile(file) }
  const wanted = format ?? { '.qcow2': 'qcow2', '.vhd': 'vhd' }[extname(file)] ?? 'raw'
  const known = bootDiskFormats.find((each) => each === wanted)
  if (known === undefined)
    throw fail('usage', { what: `there is no format "${wanted}"`, fix: `use one of ${bootDiskFormats.join(', ')}` })
  return { disk: { path: resolve(file), format: known } }
}

const columns: readonly Column<BootEntry>[] = [
  { title: 'ENTRY', value: ({ path, isDefault }) => `${isDefault ? '*' : ' '} ${path}` },
  { title: 'TITLE', value: ({ title }) => escapeControl(title), shrinks: true },
  { title: 'KERNEL', value: kernelText, shrinks: true },
  {
    title: 'MODES',
    value: ({ modes }) => (modes === null ? '–' : modes.length === 0 ? 'none' : modes.join(' ')),
    paint: ({ problem, modes }) => (problem !== null || modes?.length === 0 ? 'bad' : null),
  },
  { title: 'ON', value: ({ partition, filesystem }) => `${partition} ${filesystem}` },
]

/** As `uname -r` says it; a file's name where the kernel tells nothing. */
function kernelText({ kernel, kernelVersion }: BootEntry): string {
  const [release] = kernelVersion?.split(' ') ?? []
  return escapeControl(release ?? kernel?.split('/').at(-1) ?? '–')
}

function shortLines(menu: BootEntries, { out }: Context): readonly string[] {
  const problems = menu.entries.filter(({ problem }) => problem !== null)
  return [
    ...renderTable(columns, menu.entries, out),
    '',
    ...foot(menu, out.proseWidth),
    ...problems.map(({ path, problem }) => pair(path, problem ?? '', out.proseWidth)),
  ]
}

function longLines(menu: BootEntries, { out }: Context): readonly string[] {
  const width = out.proseWidth
  const blocks = menu.entries.map((entry) => [
    out.color('heading', `${entry.path}  ${escapeControl(entry.title)}${entry.isDefault ? '  (default)' : ''}`),
    ...details(entry).map(([label, text]) => pair(label, text, width)),
    '',
  ])
  return [...blocks.flat(), ...foot(menu, width)]
}

function details(entry: BootEntry): readonly (readonly [label: string, text: string])[] {
  const { id, source, partition, filesystem, kernel, kernelVersion, ramdisks, cmdline, modes, problem } = entry
  const lines: (readonly [string, string | null])[] = [
    ['problem', problem],
    ['id', id],
    ['menu', `${partition}:${source} (${filesystem})`],
    ['kernel', kernel],
    ['version', kernelVersion],
    ['ramdisk', ramdisks.length === 0 ? null : ramdisks.join(', ')],
    ['args', cmdline],
    ['modes', modes && (modes.length === 0 ? 'none: the kernel has no Xen entry' : modes.join(', '))],
  ]
  return lines.flatMap(([label, text]) => (text === null ? [] : [[label, text] as const]))
}

function foot({ disk, format, guest, defaultBecause, notes }: BootEntries, width: number): readonly string[] {
  const notAsked = guest !== null && guest.bootsFrom !== 'boot-loader'
  return [
    pair('disk', `${disk} (${format})`, width),
    pair('default', defaultBecause, width),
    ...(guest === null || guest.adds === '' ? [] : [pair('adds', guest.adds, width)]),
    ...(notAsked
      ? [pair('note', `"${guest.name}" does not ask this menu: it boots from ${guest.bootsFrom}`, width)]
      : []),
    ...notes.map((note) => pair('note', note, width)),
  ]
}

const pair = (label: string, text: string, width: number): string =>
  labelled(label, escapeControl(text), { indent: 2, labelWidth: 7, width })
