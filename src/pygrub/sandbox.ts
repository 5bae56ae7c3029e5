/**
 * PyGrub's job: finds and extracts what boots a guest from its own disk. The disk is read by a process without rights
 * (confinement.ts); this side opens files, passes descriptors, checks the answer, and never parses a byte of the guest.
 * A hostile disk can only make an extraction fail.
 */
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, open, realpath, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fail, TetrarchError } from '../words/errors.ts'
import { type CachedFiles, type CacheOptions, keepInCache, knownFingerprints, takeCached } from './cache.ts'
import { type Confinement, confinedCommand } from './confinement.ts'
import { openInput } from './input.ts'
import { taskResult } from './protocol.ts'
import { runConfined } from './run-confined.ts'
import { type BootResult, type BootTask, type KernelTask, type ListTask, type Task, type TaskResult } from './task.ts'
import { type BootEntries, type BootFiles, type BootRequest, type DiskRequest, type KernelFile } from './types.ts'

/** Limits of one extraction; the daemon's configuration holds them under [boot_loader] with their defaults. */
export interface SandboxOptions extends Omit<Confinement, 'uid'> {
  /** First of 65536 user ids that belong to nobody; each extraction takes the next. */
  readonly uidBase: number
  /** Milliseconds from start to end. */
  readonly wallMs: number
  /** Where extractions are kept for the next start; nothing is kept without it. */
  readonly cache?: CacheOptions
}

const UIDS = 65536
const MEBIBYTE = 1024 * 1024
const MAX_ANSWER_BYTES = 4 * MEBIBYTE
/** Many times what the largest real disks need, and still seconds of work. */
const BUDGET = { bytes: 4096 * MEBIBYTE, entries: 4_000_000, steps: 200_000 }

/** Finds the entry to boot on a disk and extracts its kernel (as a raw ELF file) and ramdisk. */
export async function extractBoot(
  request: BootRequest,
  options: SandboxOptions,
  signal?: AbortSignal,
): Promise<BootFiles> {
  const { disk, outputDirectory } = request
  const source = await realpath(disk).catch(() => disk)
  const known = options.cache === undefined ? [] : await knownFingerprints(options.cache, source)
  const { result, files } = await extractOrNot(request, known, options, signal)
  const { cmdline, entry, notes, fingerprint } = result
  let extraction = files
  if (extraction === null && options.cache !== undefined) {
    extraction = await takeCached(options.cache, { source, fingerprint }, newPaths(outputDirectory))
  } else if (extraction !== null && options.cache !== undefined) {
    await keepInCache(options.cache, { source, fingerprint }, extraction)
  }
  // What was kept is gone or damaged: extract it after all.
  extraction ??= (await extractOrNot(request, [], options, signal)).files
  if (extraction === null) throw unexpected(disk)
  const { kernel, ramdisk, facts } = extraction
  return { kernel, ramdisk, cmdline, entry, kernelFacts: facts.kernelFacts, notes }
}

interface Extraction {
  readonly result: BootResult
  readonly files: CachedFiles | null
}

/** One run of the sandbox; `files` is null when the fingerprint it found is one of the known. */
async function extractOrNot(
  request: BootRequest,
  known: readonly string[],
  options: SandboxOptions,
  signal: AbortSignal | undefined,
): Promise<Extraction> {
  const { disk, format, entry = null, kernel = null, ramdisk = null, extraArgs = '' } = request
  const paths = newPaths(request.outputDirectory)
  return await withOutputs<Extraction>([paths.kernel, paths.ramdisk], async (outputs) => {
    const task = (base: TaskBase): BootTask => ({
      ...base,
      kind: 'boot',
      format,
      entry,
      kernel,
      ramdisk,
      extraArgs,
      known,
    })
    const result = await run({ path: disk, task, outputs, options, signal })
    if (result.kind !== 'boot') throw unexpected(disk)
    const facts = result.extracted
    if (facts === null) return { keep: [], value: { result, files: null } }
    const hasRamdisk = facts.ramdiskBytes !== null
    const files: CachedFiles = { kernel: paths.kernel, ramdisk: hasRamdisk ? paths.ramdisk : null, facts }
    return { keep: hasRamdisk ? [paths.kernel, paths.ramdisk] : [paths.kernel], value: { result, files } }
  })
}

/** Unpacks a kernel file of dom0 or one that a user named; the file is treated like a guest's. */
export async function inspectKernel(
  request: { readonly kernel: string; readonly outputDirectory: string },
  options: SandboxOptions,
  signal?: AbortSignal,
): Promise<KernelFile> {
  const { kernel: source, outputDirectory } = request
  const paths = newPaths(outputDirectory)
  const fingerprint = await fileFingerprint(source)
  const entry = { source: await realpath(source), fingerprint }
  const kept = options.cache === undefined ? null : await takeCached(options.cache, entry, paths)
  if (kept !== null) return { kernel: kept.kernel, kernelFacts: kept.facts.kernelFacts }
  return await withOutputs([paths.kernel], async (outputs) => {
    const task = (base: TaskBase): KernelTask => ({ ...base, kind: 'kernel' })
    const result = await run({ path: source, task, outputs, options, signal })
    if (result.kind !== 'kernel') throw unexpected(source)
    const { kernelFacts, kernelBytes } = result
    const facts = { kernelFacts, kernelBytes, ramdiskBytes: null }
    if (options.cache !== undefined)
      await keepInCache(options.cache, entry, { kernel: paths.kernel, ramdisk: null, facts })
    return { keep: [paths.kernel], value: { kernel: paths.kernel, kernelFacts } }
  })
}

/** A file of dom0 is told by its inode and times. */
async function fileFingerprint(path: string): Promise<string> {
  const status = await stat(path, { bigint: true }).catch((cause: unknown) => {
    throw fail('file-missing', { what: `cannot read ${path}`, stage: 'boot loader' }, { cause })
  })
  const parts = [status.dev, status.ino, status.size, status.mtimeNs, status.ctimeNs]
  return createHash('sha256').update(parts.join(':')).digest('hex')
}

/** All entries of all menus of a disk. */
export async function listBootEntries(
  request: DiskRequest,
  options: SandboxOptions,
  signal?: AbortSignal,
): Promise<BootEntries> {
  const task = (base: TaskBase): ListTask => ({ ...base, kind: 'list', format: request.format })
  const result = await run({ path: request.disk, task, outputs: [], options, signal })
  if (result.kind !== 'list') throw unexpected(request.disk)
  const { entries, defaultBecause, notes } = result
  return { entries, defaultBecause, notes }
}

type TaskBase = Pick<Task, 'inputBytes' | 'budget' | 'maxKernelFileBytes' | 'maxOutputBytes'>

const newPaths = (folder: string): { kernel: string; ramdisk: string } => ({
  kernel: join(folder, `kernel-${randomUUID()}`),
  ramdisk: join(folder, `ramdisk-${randomUUID()}`),
})

/** New files for what the sandbox writes; those that the work does not keep are removed on every way out. */
async function withOutputs<T>(
  paths: readonly string[],
  work: (outputs: readonly FileHandle[]) => Promise<{ value: T; keep: readonly string[] }>,
): Promise<T> {
  const outputs: FileHandle[] = []
  let keep: readonly string[] = []
  try {
    for (const path of paths) outputs.push(await open(path, 'wx', 0o600))
    const done = await work(outputs)
    keep = done.keep
    return done.value
  } finally {
    for (const handle of outputs) await handle.close()
    for (const path of paths) if (!keep.includes(path)) await rm(path, { force: true })
  }
}

let extractions = 0

interface Job {
  readonly path: string
  task(base: TaskBase): Task
  readonly outputs: readonly FileHandle[]
  readonly options: SandboxOptions
  readonly signal: AbortSignal | undefined
}

async function run({ path, task, outputs, options, signal }: Job): Promise<TaskResult> {
  const uid = options.uidBase + (extractions++ % UIDS)
  const command = await confinedCommand({ ...options, uid })
  await using input = await openInput(path)
  const maxOutputBytes = options.outputMiB * MEBIBYTE
  const base: TaskBase = { inputBytes: input.size, budget: BUDGET, maxKernelFileBytes: maxOutputBytes, maxOutputBytes }
  const end = await runConfined(command, {
    input: JSON.stringify(task(base)),
    descriptors: [input.handle.fd, ...outputs.map(({ fd }) => fd)],
    wallMs: options.wallMs,
    maxAnswerBytes: MAX_ANSWER_BYTES,
    signal,
  })
  if (end.stopped !== null) throw stoppedError(path, end.stopped, end.stderr, options)
  const parsed = taskResult.safeParse(jsonOrNull(end.answer))
  if (!parsed.success) throw unexpected(path, parsed.error.message)
  const result = parsed.data
  if (result.kind === 'failure') {
    const what = `cannot boot from ${path}`
    throw fail(result.code, { what, why: result.why, stage: 'boot loader', evidence: result.looked })
  }
  if (command.lacks !== null && result.kind !== 'kernel') return { ...result, notes: [...result.notes, command.lacks] }
  return result
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function stoppedError(path: string, stopped: string, stderr: string, options: SandboxOptions): TetrarchError {
  const what = `the boot loader was stopped while it read ${path}`
  if (stopped === 'cancelled') return fail('cancelled', { what, stage: 'boot loader' })
  const why =
    stopped === 'deadline'
      ? `it took longer than ${options.wallMs} ms`
      : `${stopped} (limits: ${options.cpuSeconds} s of CPU time, ${options.memoryMiB} MiB of memory, files of ${options.outputMiB} MiB)`
  const evidence = stderr.split('\n').filter((line) => line !== '')
  return fail('boot-loader-failed', { what, why, stage: 'boot loader', evidence })
}

const unexpected = (path: string, why?: string): TetrarchError =>
  fail('boot-loader-failed', { what: `the boot loader gave an answer about ${path} that is not one`, why })
