/**
 * pygrub's command line and output, so that `bootloader="/usr/lib/tetrarch/pygrub"` works under plain xl: libxl calls
 * it with --output and --output-directory, reads the result, and unlinks the files it names (libxl_bootloader.c).
 * Unlike pygrub it exits with another code than 0 whenever nothing was extracted, and an entry that does not exist is
 * an error. There is no interactive menu: the default boots.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { fail } from '../words/errors.ts'
import { extractBoot, listBootEntries, type SandboxOptions } from './sandbox.ts'
import type { BootEntries, BootFiles } from './types.ts'

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const

/** pygrub's options (tools/pygrub/src/pygrub, 4.17), by the meaning they have here. */
const OPTIONS = {
  output: text,
  'output-format': text,
  'output-directory': text,
  entry: text,
  kernel: text,
  ramdisk: text,
  args: text,
  'list-entries': { ...flag, short: 'l' },
  isconfig: flag,
  help: { ...flag, short: 'h' },
  // What the sandbox decides by itself, or what only matters to somebody who watches.
  runas: text,
  offset: text,
  quiet: { ...flag, short: 'q' },
  interactive: { ...flag, short: 'i' },
  'not-really': { ...flag, short: 'n' },
  debug: flag,
} as const

const usage = `Usage: pygrub [-q|--quiet] [-i|--interactive] [-l|--list-entries] [-n|--not-really] [--output=FILE]
  [--kernel=PATH] [--ramdisk=PATH] [--args=ARGS] [--entry=ENTRY] [--output-directory=DIR]
  [--output-format=sxp|simple|simple0] [--runas=UID] [--isconfig] [--debug] DISK
`

const FORMATS = ['sxp', 'simple', 'simple0'] as const
type Format = (typeof FORMATS)[number]

export interface DropInResult {
  /** For standard output, unless --output names a file. */
  readonly stdout: string
}

/** Does what one command line asks. Throws TetrarchError; then nothing was written to the output. */
export async function runDropIn(
  words: readonly string[],
  sandbox: SandboxOptions,
  signal?: AbortSignal,
): Promise<DropInResult> {
  const { values, disk } = parse(words)
  if (values.help === true) return { stdout: usage }
  if (disk === undefined) throw fail('usage', { what: 'one disk has to be named', fix: usage })
  if (values.isconfig === true)
    throw fail('usage', { what: 'pygrub --isconfig is not supported', fix: 'give the disk' })
  const offset = Number(values.offset ?? 0)
  if (offset !== 0)
    throw fail('usage', { what: 'pygrub --offset is not supported', fix: 'partitions are found by themselves' })
  if (values['list-entries'] === true) {
    return { stdout: listText(await listBootEntries({ disk, format: 'raw' }, sandbox, signal)) }
  }
  const files = await extractBoot(
    {
      disk,
      format: 'raw',
      outputDirectory: values['output-directory'] ?? '/var/run/xen/pygrub',
      ...(values.entry === undefined ? {} : { entry: values.entry }),
      ...(values.kernel === undefined ? {} : { kernel: values.kernel }),
      ...(values.ramdisk === undefined ? {} : { ramdisk: values.ramdisk }),
      ...(values.args === undefined ? {} : { extraArgs: values.args }),
    },
    sandbox,
    signal,
  )
  const output = formats[formatOf(values['output-format'] ?? 'sxp')](files)
  if (values.output === undefined || values.output === '-') return { stdout: output }
  await writeFile(values.output, output)
  return { stdout: '' }
}

function parse(words: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true })
    return { values, disk: positionals.length === 1 ? positionals[0] : undefined }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw fail('usage', { what: 'pygrub does not know this command line', why, fix: usage }, { cause })
  }
}

function formatOf(name: string): Format {
  const format = FORMATS.find((each) => each === name)
  if (format === undefined)
    throw fail('usage', { what: `there is no output format "${name}"`, fix: `use ${FORMATS.join(', ')}` })
  return format
}

/** The texts were checked to hold no control characters, so none of these can be broken out of; sxp quotes what it must. */
const formats: Readonly<Record<Format, (files: BootFiles) => string>> = {
  sxp: ({ kernel, ramdisk, cmdline }) => {
    const escaped = cmdline.replace(/["\\]/g, '\\$&')
    return `linux (kernel ${kernel})${ramdisk === null ? '' : `(ramdisk ${ramdisk})`}(args "${escaped}")`
  },
  simple: (files) => items(files, '\n'),
  simple0: (files) => items(files, '\0'),
}

const items = ({ kernel, ramdisk, cmdline }: BootFiles, end: string): string =>
  [`kernel ${kernel}`, ...(ramdisk === null ? [] : [`ramdisk ${ramdisk}`]), `args ${cmdline}`]
    .map((item) => item + end)
    .join('')

function listText({ entries, notes }: BootEntries): string {
  const lines = entries.map(({ path, title, isDefault, kernel, problem }) => {
    const what = problem ?? kernel ?? ''
    return `${isDefault ? '*' : ' '} ${path}: ${title} (${what})`
  })
  return [...lines, ...notes.map((note) => `# ${note}`), ''].join('\n')
}
