/** pygrub's command line (tools/pygrub/src/pygrub, 4.17): one table for the parser, the help and tetrarch-pygrub(8). */
import { parseArgs } from 'node:util'
import { fail } from '../words/errors.ts'

interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** What stands for its value in the help. */
  readonly value?: string
  readonly help: string
}

const dropInOptions = {
  quiet: { type: 'boolean', short: 'q', help: 'Show no menu: the default boots.' },
  interactive: {
    type: 'boolean',
    short: 'i',
    help: 'Show the menu, which is the default on a terminal. Without a terminal this is an error.',
  },
  'list-entries': { type: 'boolean', short: 'l', help: 'List all entries in pygrub’s format, and extract nothing.' },
  'not-really': {
    type: 'boolean',
    short: 'n',
    help: 'Do everything, and say which files of the guest would boot; keep no files.',
  },
  entry: {
    type: 'string',
    value: 'ENTRY',
    help: 'Boot this entry: its number, title, id, or a path of them such as 1>2. Implies --quiet.',
  },
  kernel: { type: 'string', value: 'PATH', help: 'Boot this kernel of the guest, and read no menu.' },
  ramdisk: { type: 'string', value: 'PATH', help: 'The ramdisk of the guest for --kernel.' },
  args: { type: 'string', value: 'WORDS', help: 'Added to the command line of the entry.' },
  output: { type: 'string', value: 'FILE', help: 'Write the answer to this file instead of standard output.' },
  'output-format': {
    type: 'string',
    value: 'FORMAT',
    help: 'sxp (the default), simple or simple0, as pygrub has them.',
  },
  'output-directory': {
    type: 'string',
    value: 'DIRECTORY',
    help: 'Existing folder for kernel and ramdisk. Without it, /var/run/xen/pygrub, which is made.',
  },
  offset: {
    type: 'string',
    value: 'BYTES',
    help: 'Where the filesystem begins on the disk. Without it, partitions are found by themselves.',
  },
  runas: {
    type: 'string',
    value: 'UID',
    help: 'Checked and not needed: the disk is always read by a process without rights.',
  },
  isconfig: {
    type: 'boolean',
    help: 'Refused: a menu is read with the disk it lies on, whose files decide what it says.',
  },
  debug: { type: 'boolean', help: 'Tell on standard error what was found, and what was not understood.' },
  help: { type: 'boolean', short: 'h', help: 'Show this help.' },
} as const satisfies Readonly<Record<string, Option>>

const outputFormats = ['sxp', 'simple', 'simple0'] as const
export type OutputFormat = (typeof outputFormats)[number]

/** A command line that was understood. */
export interface DropInWords {
  readonly disk: string
  /** `forced` needs a terminal, `wanted` uses one where there is one. */
  readonly menu: 'forced' | 'wanted' | 'none'
  readonly does: 'extract' | 'list' | 'not-really'
  readonly entry: string | undefined
  readonly kernel: string | undefined
  readonly ramdisk: string | undefined
  readonly args: string | undefined
  readonly output: string | null
  readonly format: OutputFormat
  readonly directory: string | null
  readonly offset: number | undefined
  readonly tells: boolean
}

/** Understands a command line; null when it asks for help. Throws `usage`. */
export function readDropInWords(words: readonly string[]): DropInWords | null {
  const { values, positionals } = parse(words)
  if (values.help === true) return null
  const [disk] = positionals
  if (disk === undefined || positionals.length > 1) throw wrong('one disk has to be named')
  if (values.isconfig === true) throw wrong('a menu without its disk is not read (--isconfig)')
  wholeNumber('runas', values.runas)
  const output = values.output === undefined || values.output === '-' ? null : values.output
  return {
    disk,
    menu: menuOf(values),
    does: doesOf(values),
    entry: values.entry,
    kernel: values.kernel,
    ramdisk: values.ramdisk,
    args: values.args,
    output,
    format: formatOf(values['output-format'] ?? 'sxp'),
    directory: values['output-directory'] ?? null,
    offset: wholeNumber('offset', values.offset),
    tells: values.debug === true,
  }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: dropInOptions, allowPositionals: true })
  } catch (cause) {
    throw wrong('pygrub does not know this command line', cause instanceof Error ? cause.message : String(cause))
  }
}

type Values = ReturnType<typeof parse>['values']

/** An entry or a kernel that is named leaves nothing to choose. */
function menuOf({ quiet, interactive, entry, kernel, runas }: Values): DropInWords['menu'] {
  if (quiet === true || entry !== undefined || kernel !== undefined) return 'none'
  // pygrub refuses a menu that runs as another user; here it is this side that shows it, so it only is not forced.
  return interactive === true && runas === undefined ? 'forced' : 'wanted'
}

function doesOf(values: Values): DropInWords['does'] {
  if (values['list-entries'] === true) return 'list'
  return values['not-really'] === true ? 'not-really' : 'extract'
}

function formatOf(name: string): OutputFormat {
  const format = outputFormats.find((each) => each === name)
  if (format === undefined) throw wrong(`there is no output format "${name}"`)
  return format
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (!Number.isSafeInteger(value)) throw wrong(`--${option} has to be a whole number, not "${text}"`)
  return value
}

const wrong = (what: string, why?: string) => fail('usage', { what, why, fix: dropInUsage })

const form = ([name, { short, value }]: readonly [string, Option]): string =>
  `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : `=${value}`}`

/** An option as it is written, with what it means. */
export const dropInOptionForms = (): readonly { readonly form: string; readonly help: string }[] =>
  Object.entries<Option>(dropInOptions).map((option) => ({ form: form(option).trim(), help: option[1].help }))

const forms = Object.entries<Option>(dropInOptions).map(form)
export const dropInUsage = `Usage: pygrub [OPTIONS] DISK\n${forms.map((each) => `  ${each}`).join('\n')}\ntetrarch-pygrub(8) says more.\n`
