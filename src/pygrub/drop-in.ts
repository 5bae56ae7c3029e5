/**
 * pygrub's command line and output, so that `bootloader="/usr/lib/tetrarch/pygrub"` works under plain xl: libxl calls
 * it on a terminal of its own, which `xl create -c` shows, with --output and --output-directory, reads the result, and
 * unlinks the files it names (libxl_bootloader.c).
 * Unlike pygrub it exits with another code than 0 whenever nothing was extracted, and an entry that does not exist is
 * an error.
 */
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MenuTerminal } from '../boot-menu/run-menu.ts'
import { fail } from '../words/errors.ts'
import { type Answer, answerText, entriesText } from './drop-in-formats.ts'
import { type DropInWords, dropInUsage, readDropInWords } from './drop-in-options.ts'
import { extractBoot, listBootEntries, type SandboxOptions } from './sandbox.ts'
import type { BootFiles, BootRequest } from './types.ts'

/** pygrub's own. */
const USUAL_DIRECTORY = '/var/run/xen/pygrub'

/** What the program has around it. */
export interface DropInSurroundings {
  readonly sandbox: SandboxOptions
  /** Where a person may be; null where there is none. */
  readonly terminal: MenuTerminal | null
  readonly signal?: AbortSignal
  /** For --debug: one line. */
  tell(line: string): void
}

export interface DropInResult {
  /** For standard output, unless --output names a file. */
  readonly stdout: string
}

/** Does what one command line asks. Throws TetrarchError; then nothing was written to the output. */
export async function runDropIn(words: readonly string[], around: DropInSurroundings): Promise<DropInResult> {
  const asked = readDropInWords(words)
  if (asked === null) return { stdout: dropInUsage }
  const stdout = asked.does === 'list' ? await list(asked, around) : await answer(asked, around)
  if (asked.output === null || asked.does === 'list') return { stdout }
  await writeFile(asked.output, stdout)
  return { stdout: '' }
}

const diskOf = ({ disk, offset }: DropInWords) => ({ disk, offset, format: 'raw' }) as const

async function list(asked: DropInWords, { sandbox, signal, tell }: DropInSurroundings): Promise<string> {
  const menu = await listBootEntries({ ...diskOf(asked), kernels: 'name' }, sandbox, signal)
  if (asked.tells) [menu.defaultBecause, ...menu.notes].forEach(tell)
  return entriesText(menu)
}

async function answer(asked: DropInWords, around: DropInSurroundings): Promise<string> {
  const choice = await chosenByPerson(asked, around)
  const { kernel, ramdisk, args, entry } = asked
  const request = { ...diskOf(asked), entry, kernel, ramdisk, extraArgs: args, ...choice }
  const text = answerText[asked.format]
  if (asked.does === 'not-really') return text(await names(request, asked, around))
  return text(await extract({ ...request, outputDirectory: await outputDirectory(asked) }, asked, around))
}

/** Everything up to the files themselves, in pygrub's words for them. */
async function names(
  request: Omit<BootRequest, 'outputDirectory'>,
  asked: DropInWords,
  around: DropInSurroundings,
): Promise<Answer> {
  const outputDirectory = await mkdtemp(join(tmpdir(), 'tetrarch-pygrub-'))
  try {
    const { guestPaths, cmdline } = await extract({ ...request, outputDirectory }, asked, around)
    const { kernel, ramdisks } = guestPaths
    return {
      kernel: `<kernel:${kernel}>`,
      ramdisk: ramdisks.length === 0 ? null : `<ramdisk:${ramdisks.join(' ')}>`,
      cmdline,
    }
  } finally {
    await rm(outputDirectory, { recursive: true, force: true })
  }
}

async function extract(
  request: BootRequest,
  { tells }: DropInWords,
  { sandbox, signal, tell }: DropInSurroundings,
): Promise<BootFiles> {
  const files = await extractBoot(request, sandbox, signal)
  const { entry, kernelFacts } = files
  if (tells) {
    tell(`${entry.partition}:${entry.source}: entry ${entry.path} "${entry.title}"`)
    tell(`kernel ${kernelFacts.version ?? 'of unknown version'}: PV ${kernelFacts.canPv}, PVH ${kernelFacts.canPvh}`)
    files.notes.forEach(tell)
  }
  return files
}

async function outputDirectory({ directory }: DropInWords): Promise<string> {
  if (directory === null) {
    await mkdir(USUAL_DIRECTORY, { recursive: true, mode: 0o700 })
    return USUAL_DIRECTORY
  }
  const isThere = await stat(directory).then(
    (status) => status.isDirectory(),
    () => false,
  )
  if (!isThere) throw fail('usage', { what: `${directory} is not an existing directory`, fix: 'make it first' })
  return directory
}

/** The menu, where it is wanted and somebody may look at it. It is only loaded then: most starts need none. */
async function chosenByPerson(asked: DropInWords, { terminal, sandbox, signal }: DropInSurroundings) {
  if (asked.menu === 'none') return {}
  if (terminal === null && asked.menu === 'wanted') return {}
  if (terminal === null)
    throw fail('usage', { what: 'there is no terminal for a menu', fix: 'leave --interactive out' })
  const { chooseOnTerminal } = await import('./drop-in-menu.ts')
  const menu = await listBootEntries({ ...diskOf(asked), kernels: 'name' }, sandbox, signal)
  return await chooseOnTerminal(menu, { disk: asked.disk, adds: asked.args ?? '' }, terminal)
}
