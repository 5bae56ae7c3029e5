/**
 * PyGrub's job: finds and extracts what boots a guest from its own disk. The disk is read by a process without rights
 * (confinement.ts); this side opens files, passes descriptors, checks the answer, and never parses a byte of the guest
 * (only which image lies below another: open-image.ts).
 * A hostile disk can only make an extraction fail.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, realpath, stat } from 'node:fs/promises'
import { fail, TetrarchError } from '../words/errors.ts'
import { type Question, recall, remember } from './answers.ts'
import { type CachedFiles, type CacheOptions, keepInCache, knownFingerprints, takeCached } from './cache.ts'
import { type Confinement, confinedCommand } from './confinement.ts'
import { type Input, openInput } from './input.ts'
import { newPaths, withOutputs } from './outputs.ts'
import { type Image, type ImageFile, openImage, type ParentRules } from './open-image.ts'
import { taskResult } from './protocol.ts'
import { runConfined } from './run-confined.ts'
import {
  type Answer,
  type BootResult,
  type BootTask,
  DESCRIPTOR,
  type KernelTask,
  type ListTask,
  type SystemTask,
  type Task,
  type TaskResult,
} from './task.ts'
import {
  type BootEntries,
  type BootFiles,
  type BootRequest,
  type DiskRequest,
  type GuestSystem,
  type KernelFile,
} from './types.ts'

/** Limits of one extraction; the daemon's configuration holds them under [boot_loader] with their defaults. */
export interface SandboxOptions extends Omit<Confinement, 'uid'>, ParentRules {
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
  await using image = await openImage(request, options)
  const job: BootJob = { request, image, options, signal }
  const { cache } = options
  const keepsNothing = cache === undefined || cache.maxMiB === 0
  return keepsNothing ? bootFiles(await extractAll(job)) : await extractWithCache(job, cache)
}

interface BootJob {
  readonly request: BootRequest
  readonly image: Image
  readonly options: SandboxOptions
  readonly signal: AbortSignal | undefined
}

interface Extraction<Result = BootResult> {
  readonly result: Result
  readonly files: CachedFiles
}

interface Looked {
  readonly result: BootResult
  readonly files: CachedFiles | null
}

function bootFiles({ result: { cmdline, entry, guestPaths, notes }, files }: Extraction<Answer>): BootFiles {
  const { kernel, ramdisk, facts } = files
  return { kernel, ramdisk, cmdline, entry, guestPaths, kernelFacts: facts.kernelFacts, notes }
}

/** A disk that did not change gives what it gave before, without a sandbox. */
async function extractWithCache(job: BootJob, cache: CacheOptions): Promise<BootFiles> {
  const { request, image } = job
  const { format, offset, outputDirectory, entry, kernel, ramdisk, extraArgs, cmdline } = request
  const source = await realpath(request.disk)
  const words = [entry, kernel, ramdisk, extraArgs, cmdline].map((word) => word ?? null)
  const question: Question = { source, words: [format, offset ?? null, ...filesOf(image), ...words] }
  const remembered = await recall(
    cache,
    question,
    image.files.map(({ input }) => input.handle),
  )
  if (remembered !== null) {
    const files = await takeCached(cache, { source, fingerprint: remembered.fingerprint }, newPaths(outputDirectory))
    if (files !== null) return bootFiles({ result: remembered, files })
  }
  const { result, files } = await extractOrTake(job, { cache, source })
  if (result.witnesses !== null) await remember(cache, question, { ...result, witnesses: result.witnesses })
  return bootFiles({ result, files })
}

/** A disk that changed may still boot a kernel that is kept: then the sandbox only tells which. */
async function extractOrTake(job: BootJob, kept: { cache: CacheOptions; source: string }): Promise<Extraction> {
  const { cache, source } = kept
  const known = await knownFingerprints(cache, source)
  const { result, files } = await extractOrNot(job, known)
  if (files === null) {
    const paths = newPaths(job.request.outputDirectory)
    const taken = await takeCached(cache, { source, fingerprint: result.fingerprint }, paths)
    if (taken !== null) return { result, files: taken }
  }
  // What was kept is gone or damaged: extract it after all.
  const extraction = files === null ? await extractAll(job) : { result, files }
  await keepInCache(cache, { source, fingerprint: extraction.result.fingerprint }, extraction.files)
  return extraction
}

async function extractAll(job: BootJob): Promise<Extraction> {
  const { result, files } = await extractOrNot(job, [])
  if (files === null) throw unexpected(job.request.disk)
  return { result, files }
}

/** One run of the sandbox; `files` is null when the fingerprint it found is one of the known. */
async function extractOrNot({ request, image, options, signal }: BootJob, known: readonly string[]): Promise<Looked> {
  const {
    disk,
    format,
    offset = null,
    entry = null,
    kernel = null,
    ramdisk = null,
    extraArgs = '',
    cmdline = null,
  } = request
  const paths = newPaths(request.outputDirectory)
  return await withOutputs<Looked>([paths.kernel, paths.ramdisk], async (outputs) => {
    const words = { format, offset, entry, kernel, ramdisk, extraArgs, cmdline, known }
    const task = (base: TaskBase): BootTask => ({ ...base, kind: 'boot', ...words })
    const result = await run({ path: disk, ...inputs(image), task, outputs, options, signal })
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
    await using input = await openInput(source)
    const result = await run({ path: source, input, parents: [], task, outputs, options, signal })
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

/** All entries of all menus of a disk. Unpacking the kernels for their facts takes most of the time. */
export async function listBootEntries(
  request: DiskRequest & Pick<ListTask, 'kernels'>,
  options: SandboxOptions,
  signal?: AbortSignal,
): Promise<BootEntries> {
  const { format, offset = null, kernels } = request
  const task = (base: TaskBase): ListTask => ({ ...base, kind: 'list', format, offset, kernels })
  await using image = await openImage(request, options)
  const result = await run({ path: request.disk, ...inputs(image), task, outputs: [], options, signal })
  if (result.kind !== 'list') throw unexpected(request.disk)
  const { entries, defaultBecause, timeoutSeconds, notes } = result
  return { entries, defaultBecause, timeoutSeconds, notes }
}

/** What the system on a disk is like. A disk without a system that can be read gives what its sectors say. */
export async function inspectSystem(
  { disk, format, offset }: DiskRequest,
  options: SandboxOptions,
  signal?: AbortSignal,
): Promise<GuestSystem> {
  const task = (base: TaskBase): SystemTask => ({ ...base, kind: 'system', format, offset: offset ?? null })
  await using image = await openImage({ disk, format }, options)
  const result = await run({ path: disk, ...inputs(image), task, outputs: [], options, signal })
  if (result.kind !== 'system') throw unexpected(disk)
  const { name, commandLine, mounts, biosBoot, efiBoot, pvDisk, pvNic } = result
  return { name, commandLine, mounts, biosBoot, efiBoot, pvDisk, pvNic }
}

type TaskBase = Pick<Task, 'inputBytes' | 'parents' | 'budget' | 'maxKernelFileBytes' | 'maxOutputBytes'>

/** Which files an image is made of, for telling it from what it was. */
const filesOf = ({ files }: Image): (string | number)[] =>
  files.flatMap(({ path, format, input }, index) => (index === 0 ? [input.size] : [path, format, input.size]))

const inputs = ({ files: [disk, ...parents] }: Image): Pick<Job, 'input' | 'parents'> => ({
  input: disk.input,
  parents,
})

let extractions = 0

interface Job {
  readonly path: string
  readonly input: Input
  readonly parents: readonly ImageFile[]
  task(base: TaskBase): Task
  readonly outputs: readonly FileHandle[]
  readonly options: SandboxOptions
  readonly signal: AbortSignal | undefined
}

async function run({ path, input, parents, task, outputs, options, signal }: Job): Promise<TaskResult> {
  const uid = options.uidBase + (extractions++ % UIDS)
  const command = await confinedCommand({ ...options, uid })
  const maxOutputBytes = options.outputMiB * MEBIBYTE
  const base: TaskBase = {
    inputBytes: input.size,
    parents: parents.map((each, index) => ({
      descriptor: DESCRIPTOR.input + 1 + outputs.length + index,
      bytes: each.input.size,
      format: each.format,
    })),
    budget: BUDGET,
    maxKernelFileBytes: maxOutputBytes,
    maxOutputBytes,
  }
  const end = await runConfined(command, {
    input: JSON.stringify(task(base)),
    descriptors: [input.handle, ...outputs, ...parents.map((each) => each.input.handle)].map(({ fd }) => fd),
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
  if (command.lacks !== null && 'notes' in result) return { ...result, notes: [...result.notes, command.lacks] }
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
      : `${stopped === 'signal SIGKILL' ? 'a limit was passed' : stopped} (limits: ${options.cpuSeconds} s of CPU time, ${options.memoryMiB} MiB of memory, files of ${options.outputMiB} MiB)`
  const evidence = stderr.split('\n').filter((line) => line !== '')
  return fail('boot-loader-failed', { what, why, stage: 'boot loader', evidence })
}

const unexpected = (path: string, why?: string): TetrarchError =>
  fail('boot-loader-failed', { what: `the boot loader gave an answer about ${path} that is not one`, why })
