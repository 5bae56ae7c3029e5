import { attempt, Budget, BudgetPassed, DiskFault, isRefusal, type Refusal } from '../../../src/pygrub/disk-fault.ts'
import { candidates } from '../../../src/pygrub/choose-boot.ts'
import { commandLine } from '../../../src/pygrub/command-line.ts'
import { openFormat } from '../../../src/pygrub/disk/formats.ts'
import { readBytes, type Source } from '../../../src/pygrub/disk/source.ts'
import { pathsOf } from '../../../src/pygrub/extract.ts'
import { fingerprintOf } from '../../../src/pygrub/fingerprint.ts'
import { readSystem } from '../../../src/pygrub/guest-system.ts'
import type { DirectoryEntry, Node } from '../../../src/pygrub/fs/filesystem.ts'
import { readKernel, type Kernel } from '../../../src/pygrub/kernel/kernel.ts'
import { listEntries } from '../../../src/pygrub/list-entries.ts'
import type { Boot } from '../../../src/pygrub/menu/menu.ts'
import { taskResult } from '../../../src/pygrub/protocol.ts'
import { Report } from '../../../src/pygrub/report.ts'
import type { BootTask } from '../../../src/pygrub/task.ts'
import type { DiskFormat } from '../../../src/pygrub/types.ts'
import { type Disk, openDisk } from '../../../src/pygrub/volumes.ts'

const LIMITS = { bytes: 2e8, entries: 3e5, steps: 2e4 }
const MAX_KERNEL = { maxFileBytes: 1e7, maxBytes: 1e7 }
const MAX_READ = 1e6

/** What is known of one run: how it went, in lines that are the same for runs that took the same ways. */
export interface Outcome {
  readonly filesRead: number
  readonly words: readonly string[]
}

/** A disk of one image, or of images over one another, the guest's own first. */
export type Images = readonly { readonly file: Source; readonly format: DiskFormat }[]

/**
 * Does with a disk all that the sandbox does, short of writing, and checks the answers as its parent does. Throws what a
 * mistake of ours throws; what the disk gets wrong, and a budget that is used up, are outcomes.
 */
export function readEverything(images: Images): Outcome {
  const report = new Report()
  let filesRead = 0
  try {
    const budget = new Budget(LIMITS)
    const image = openImages(images, budget)
    if (isRefusal(image)) return { filesRead, words: [image.refused] }
    const disk = openDisk(image, budget)
    disk.notes.forEach(report.note)
    disk.unread.forEach(report.look)
    const kernelOf = (file: Source): Kernel | Refusal => readKernel(file, MAX_KERNEL, budget)
    check(listEntries(disk, { budget, report, kernelOf }))
    check(readSystem(image, disk, { budget, report }))
    for (const boot of boots(disk, { budget, report })) {
      const read = attempt(() => kernelOf(boot.kernel.node.open()))
      if (!isRefusal(read) && !isRefusal(attempt(() => readRamdisks(boot)))) filesRead++
    }
    for (const { filesystem } of disk.volumes) filesRead += walk(filesystem.root, report)
  } catch (thrown) {
    if (thrown instanceof BudgetPassed) return { filesRead, words: [...report.lines, 'budget'] }
    if (!(thrown instanceof DiskFault || thrown instanceof RangeError)) throw thrown
  }
  return { filesRead, words: report.lines }
}

function openImages(images: Images, budget: Budget): Source | Refusal {
  let disk: Source | Refusal | null = null
  for (const { file, format } of [...images].reverse()) {
    disk = openFormat[format](file, budget, disk)
    if (isRefusal(disk)) return disk
  }
  return disk!
}

const task: BootTask = {
  kind: 'boot',
  inputBytes: 0,
  parents: [],
  budget: LIMITS,
  maxKernelFileBytes: MAX_KERNEL.maxFileBytes,
  maxOutputBytes: MAX_KERNEL.maxBytes,
  format: 'raw',
  offset: null,
  entry: null,
  kernel: null,
  ramdisk: null,
  extraArgs: '',
  cmdline: null,
  known: [],
}

/** Every candidate, as if each could not be loaded; then a kernel by its path. */
function boots(disk: Disk, looking: { budget: Budget; report: Report }): Boot[] {
  const found: Boot[] = []
  for (const kernel of [null, '/boot/vmlinuz-1']) {
    const toTry = candidates(disk, { ...task, kernel }, looking)
    for (let step = toTry.next(''); step.done !== true && found.length < 50; step = toTry.next('refused')) {
      const { boot, entry } = step.value
      const cmdline = commandLine(boot.cmdline)
      const fingerprint = attempt(() => fingerprintOf(boot))
      if (isRefusal(cmdline) || isRefusal(fingerprint)) continue
      check({
        kind: 'boot',
        entry,
        guestPaths: pathsOf(boot),
        cmdline,
        fingerprint,
        witnesses: null,
        extracted: null,
        notes: looking.report.notes,
      })
      found.push(boot)
    }
  }
  return found
}

const WALK = { depth: 4, entries: 30, bytes: 256 * 1024 }

/** Reads the beginning of the first files of the first folders; returns how many could be read. */
function walk(node: Node, report: Report, depth = 0): number {
  const read = attempt(() => {
    if (node.kind === 'symlink') node.target()
    if (node.kind === 'file') readBytes(node.open(), 0, Math.min(node.size, WALK.bytes))
    const entries = node.kind === 'directory' && depth < WALK.depth ? node.entries().slice(0, WALK.entries) : []
    return entries.reduce((sum, entry) => sum + walkInto(entry, report, depth), node.kind === 'file' ? 1 : 0)
  })
  if (isRefusal(read)) report.look(read.refused)
  return isRefusal(read) ? 0 : read
}

function walkInto(entry: DirectoryEntry, report: Report, depth: number): number {
  const node = attempt(() => entry.node())
  return isRefusal(node) ? 0 : walk(node, report, depth + 1)
}

const readRamdisks = ({ ramdisks }: Boot): void =>
  ramdisks.forEach(({ node }) => readBytes(node.open(), 0, Math.min(node.size, MAX_READ)))

/** What the sandbox's parent refuses would reach a user as "an answer that is not one". */
function check(answer: unknown): void {
  const parsed = taskResult.safeParse(answer)
  if (!parsed.success) throw new Error(`an answer that is refused: ${parsed.error.message}`)
}
