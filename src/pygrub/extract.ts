/**
 * The work inside the sandbox: from a disk to the kernel, ramdisk and command line that boot it. Writes only to the
 * descriptors it was given, runs nothing it reads, and answers with a value or with what was looked at and why each did not do.
 */
import { attempt, BudgetPassed, Budget, DiskFault, isRefusal, type Refusal, refuse } from './disk-fault.ts'
import { candidates } from './choose-boot.ts'
import { commandLine } from './command-line.ts'
import { openFormat } from './disk/formats.ts'
import { cached, descriptorSource, type Source } from './disk/source.ts'
import { Witnesses, witnessed } from './disk/witness.ts'
import { fingerprintOf } from './fingerprint.ts'
import { readSystem } from './guest-system.ts'
import { BannerSearch } from './kernel/banner.ts'
import { readKernel, type Kernel } from './kernel/kernel.ts'
import { listEntries } from './list-entries.ts'
import { type Boot } from './menu/menu.ts'
import { plainLine } from './plain-line.ts'
import { describeVolume, Report } from './report.ts'
import {
  type BootResult,
  type BootTask,
  DESCRIPTOR,
  type DiskTask,
  type ExtractedFacts,
  type Failure,
  type KernelTask,
  type Task,
  type TaskResult,
} from './task.ts'
import { type GuestPaths } from './types.ts'
import { type Disk, openDisk } from './volumes.ts'
import { copyOut, copyRamdisks } from './write-out.ts'

/** Metadata is read in small pieces and again and again; contents pass the cache by. */
const CACHE = { pieceBytes: 16 * 1024, pieces: 256 }

/** Carries out one task. Never throws for what a disk contains. */
export function perform(task: Task): TaskResult {
  const report = new Report()
  const failed: Context['failed'] = (code, why) => ({
    kind: 'failure',
    code,
    why: plainLine(why),
    looked: report.lines,
  })
  try {
    const budget = new Budget(task.budget)
    const input = descriptorSource(DESCRIPTOR.input, task.inputBytes, budget)
    const context: Context = { task, budget, report, failed }
    if (task.kind === 'kernel') return inspect(input, task, context)
    const witnesses = new Witnesses()
    const image = openChain(input, task, { budget, witnesses })
    if (isRefusal(image)) return failed('boot-not-found', image.refused)
    const disk = openDisk(image, budget, task.offset)
    disk.notes.forEach(report.note)
    disk.volumes.forEach((volume) => report.look(describeVolume(volume)))
    disk.unread.forEach(report.look)
    if (task.kind === 'system') return readSystem(image, disk, context)
    if (task.kind === 'boot') return boot(disk, task, { ...context, witnesses })
    const looksAtKernels = task.kernels === 'look'
    return listEntries(disk, { budget, report, kernelOf: looksAtKernels ? (file) => kernelOf(file, context) : null })
  } catch (thrown) {
    if (thrown instanceof BudgetPassed) return failed('boot-loader-failed', thrown.message)
    if (thrown instanceof DiskFault || thrown instanceof RangeError) return failed('boot-not-found', thrown.message)
    throw thrown
  }
}

/** The guest's disk: the image, laid over its parents from the last one up. */
function openChain(
  input: Source,
  { format, parents }: DiskTask,
  { budget, witnesses }: { budget: Budget; witnesses: Witnesses },
): Source | Refusal {
  const below = parents.map((each) => ({ ...each, file: descriptorSource(each.descriptor, each.bytes, budget) }))
  const files = [{ file: input, format }, ...below]
  let disk: Source | null = null
  for (const [number, { file, format: own }] of [...files.entries()].reverse()) {
    const opened: Source | Refusal = openFormat[own](witnessed(cached(file, CACHE), witnesses, number), budget, disk)
    if (isRefusal(opened)) return opened
    disk = opened
  }
  return disk ?? refuse('no image')
}

interface Context {
  readonly task: Task
  readonly budget: Budget
  readonly report: Report
  failed(code: Failure['code'], why: string): Failure
}

function inspect(file: Source, task: KernelTask, context: Context): TaskResult {
  const kernel = kernelOf(file, context)
  if (isRefusal(kernel)) return context.failed('file-missing', `it ${kernel.refused}`)
  return { kind: 'kernel', ...writeKernel(kernel, task) }
}

function writeKernel({ elf, facts }: Kernel, task: Task): Pick<ExtractedFacts, 'kernelFacts' | 'kernelBytes'> {
  const banner = new BannerSearch()
  const kernelBytes = copyOut(
    elf,
    DESCRIPTOR.kernel,
    task.maxOutputBytes,
    facts.version === null ? banner.look : undefined,
  )
  return { kernelFacts: { ...facts, version: facts.version ?? banner.version }, kernelBytes }
}

const kernelOf = (file: Source, { task, budget }: Context): Kernel | Refusal =>
  readKernel(file, { maxFileBytes: task.maxKernelFileBytes, maxBytes: task.maxOutputBytes }, budget)

/** Carries out the first candidate that can be loaded. */
function boot(disk: Disk, task: BootTask, context: Context & { readonly witnesses: Witnesses }): TaskResult {
  const { report, failed } = context
  const toTry = candidates(disk, task, context)
  let step = toTry.next('')
  const nothingToTry = step.done === true
  while (step.done !== true) {
    const { boot: found, entry } = step.value
    const loaded = load(found, task, context)
    if (!isRefusal(loaded)) {
      const witnesses = disk.volumes.some(({ filesystem }) => filesystem.needsReplay) ? null : context.witnesses.all
      return { kind: 'boot', entry, guestPaths: pathsOf(found), ...loaded, witnesses, notes: report.notes }
    }
    step = toTry.next(loaded.refused)
  }
  return failed(task.kernel !== null && nothingToTry ? 'file-missing' : 'boot-not-found', step.value)
}

export const pathsOf = ({ kernel, ramdisks }: Boot): GuestPaths => ({
  kernel: plainLine(kernel.path),
  ramdisks: ramdisks.map(({ path }) => plainLine(path)),
})

type Loaded = Pick<BootResult, 'cmdline' | 'fingerprint' | 'extracted'>

function load(found: Boot, task: BootTask, context: Context): Loaded | Refusal {
  const cmdline = task.cmdline === null ? commandLine(found.cmdline, task.extraArgs) : commandLine(task.cmdline)
  if (isRefusal(cmdline)) return cmdline
  const fingerprint = attempt(() => fingerprintOf(found))
  if (isRefusal(fingerprint)) return fingerprint
  const extracted = task.known.includes(fingerprint) ? null : extract(found, context)
  return isRefusal(extracted) ? extracted : { cmdline, fingerprint, extracted }
}

/** Writes kernel and ramdisk to their descriptors. What is refused, is refused before a byte is written. */
function extract({ kernel: file, ramdisks }: Boot, context: Context): ExtractedFacts | Refusal {
  const content = attempt(() => file.node.open())
  const kernel = isRefusal(content) ? content : kernelOf(content, context)
  if (isRefusal(kernel)) return refuse(`${file.volume.name}:${file.path} ${kernel.refused}`)
  const written = writeKernel(kernel, context.task)
  const ramdiskBytes = ramdisks.length === 0 ? null : copyRamdisks(ramdisks, context.task.maxOutputBytes)
  return { ...written, ramdiskBytes }
}
