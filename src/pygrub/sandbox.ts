/**
 * PyGrub's job: finds and extracts what boots a guest from its own disk. The disk is read by a process without rights
 * (confinement.ts); this side opens files, passes descriptors, checks the answer, and never parses a byte of the guest.
 * A hostile disk can only make an extraction fail.
 */
import { randomUUID } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fail, TetrarchError } from '../words/errors.ts'
import { type Confinement, confinedCommand } from './confinement.ts'
import { openInput } from './input.ts'
import { taskResult } from './protocol.ts'
import { runConfined } from './run-confined.ts'
import { type BootTask, type KernelTask, type ListTask, type Task, type TaskResult } from './task.ts'
import { type BootEntries, type BootFiles, type BootRequest, type DiskRequest, type KernelFile } from './types.ts'

/** Limits of one extraction; the daemon's configuration holds them under [boot_loader] with their defaults. */
export interface SandboxOptions extends Omit<Confinement, 'uid'> {
  /** First of 65536 user ids that belong to nobody; each extraction takes the next. */
  readonly uidBase: number
  /** Milliseconds from start to end. */
  readonly wallMs: number
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
  const { entry = null, kernel = null, ramdisk = null, extraArgs = '' } = request
  const words = { kind: 'boot', entry, kernel, ramdisk, extraArgs } as const
  return await withOutputs(request.outputDirectory, ['kernel', 'ramdisk'], async (outputs) => {
    const task = (base: TaskBase): BootTask => ({ ...base, ...words })
    const result = await run({ path: request.disk, task, outputs, options, signal })
    if (result.kind !== 'boot') throw unexpected(request.disk)
    const [kernelFile, ramdiskFile] = outputs
    const hasRamdisk = result.ramdiskBytes !== null
    const files = [
      ...(kernelFile === undefined ? [] : [kernelFile.path]),
      ...(hasRamdisk && ramdiskFile ? [ramdiskFile.path] : []),
    ]
    const { cmdline, entry: found, kernelFacts, notes } = result
    return {
      keep: files,
      value: { kernel: files[0] ?? '', ramdisk: files[1] ?? null, cmdline, entry: found, kernelFacts, notes },
    }
  })
}

/** Unpacks a kernel file of dom0 or one that a user named; the file is treated like a guest's. */
export async function inspectKernel(
  request: { readonly kernel: string; readonly outputDirectory: string },
  options: SandboxOptions,
  signal?: AbortSignal,
): Promise<KernelFile> {
  return await withOutputs(request.outputDirectory, ['kernel'], async (outputs) => {
    const task = (base: TaskBase): KernelTask => ({ ...base, kind: 'kernel' })
    const result = await run({ path: request.kernel, task, outputs, options, signal })
    const [kernel] = outputs
    if (result.kind !== 'kernel' || kernel === undefined) throw unexpected(request.kernel)
    return { keep: [kernel.path], value: { kernel: kernel.path, kernelFacts: result.kernelFacts } }
  })
}

/** All entries of all menus of a disk. */
export async function listBootEntries(
  request: DiskRequest,
  options: SandboxOptions,
  signal?: AbortSignal,
): Promise<BootEntries> {
  const task = (base: TaskBase): ListTask => ({ ...base, kind: 'list' })
  const result = await run({ path: request.disk, task, outputs: [], options, signal })
  if (result.kind !== 'list') throw unexpected(request.disk)
  const { entries, defaultBecause, notes } = result
  return { entries, defaultBecause, notes }
}

type TaskBase = Pick<Task, 'inputBytes' | 'budget' | 'maxKernelFileBytes' | 'maxOutputBytes'>

interface OutputFile {
  readonly path: string
  readonly handle: FileHandle
}

/** New files for what the sandbox writes; those that the work does not keep are removed on every way out. */
async function withOutputs<T>(
  folder: string,
  names: readonly string[],
  work: (outputs: readonly OutputFile[]) => Promise<{ value: T; keep: readonly string[] }>,
): Promise<T> {
  const outputs: OutputFile[] = []
  let keep: readonly string[] = []
  try {
    for (const name of names) {
      const path = join(folder, `${name}-${randomUUID()}`)
      outputs.push({ path, handle: await open(path, 'wx', 0o600) })
    }
    const done = await work(outputs)
    keep = done.keep
    return done.value
  } finally {
    for (const { path, handle } of outputs) {
      await handle.close()
      if (!keep.includes(path)) await unlink(path)
    }
  }
}

let extractions = 0

interface Job {
  readonly path: string
  task(base: TaskBase): Task
  readonly outputs: readonly OutputFile[]
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
    descriptors: [input.handle.fd, ...outputs.map(({ handle }) => handle.fd)],
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
