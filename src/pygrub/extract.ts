/**
 * The work inside the sandbox: from a disk to the kernel, ramdisk and command line that boot it. Writes only to the
 * descriptors it was given, runs nothing it reads, and answers with a value or with what was looked at and why each did not do.
 */
import { writeSync } from 'node:fs'
import { attempt, BudgetPassed, Budget, DiskFault, isRefusal, type Refusal, refuse } from './disk-fault.ts'
import { openFormat } from './disk/formats.ts'
import { descriptorSource, readBytes, type Source } from './disk/source.ts'
import { fingerprintOf } from './fingerprint.ts'
import { readKernel, type Kernel } from './kernel/kernel.ts'
import { allEntries, defaultEntry, entryNamed, fallbackEntries } from './menu/choose.ts'
import { findMenus } from './menu/find-menus.ts'
import { guestFile, tidy } from './menu/guest-files.ts'
import { type Boot, type GuestFile, type MenuEntry, type MenuFile } from './menu/menu.ts'
import { plainLine } from './plain-line.ts'
import {
  type BootTask,
  DESCRIPTOR,
  type ExtractedFacts,
  type Failure,
  type KernelTask,
  type Task,
  type TaskResult,
} from './task.ts'
import { type BootEntry, type BootSource } from './types.ts'
import { type Disk, openDisk } from './volumes.ts'

const COPY_BYTES = 1024 * 1024
const MAX_NOTES = 400
const MAX_UNREAD = 100
const MAX_LISTED = 2000

/** Carries out one task. Never throws for what a disk contains. */
export function perform(task: Task): TaskResult {
  const notes: string[] = []
  const looked: string[] = []
  const note = (text: string): void => {
    if (notes.length < MAX_NOTES) notes.push(plainLine(text))
  }
  const failed = (code: Failure['code'], why: string): Failure => ({
    kind: 'failure',
    code,
    why: plainLine(why),
    looked: [...looked.slice(0, MAX_UNREAD), ...notes],
  })
  try {
    const budget = new Budget(task.budget)
    const input = descriptorSource(DESCRIPTOR.input, task.inputBytes, budget)
    const context: Context = { task, budget, note, notes, failed }
    if (task.kind === 'kernel') return inspect(input, task, context)
    const image = openFormat[task.format](input, budget)
    if (isRefusal(image)) return failed('boot-not-found', image.refused)
    const disk = openDisk(image, budget)
    disk.notes.forEach(note)
    disk.unread.forEach((line) => looked.push(plainLine(line)))
    return task.kind === 'boot' ? boot(disk, task, context) : list(disk, context)
  } catch (thrown) {
    if (thrown instanceof BudgetPassed) return failed('boot-loader-failed', thrown.message)
    if (thrown instanceof DiskFault || thrown instanceof RangeError) return failed('boot-not-found', thrown.message)
    throw thrown
  }
}

interface Context {
  readonly task: Task
  readonly budget: Budget
  readonly notes: readonly string[]
  note(text: string): void
  failed(code: Failure['code'], why: string): Failure
}

function inspect(file: Source, task: KernelTask, context: Context): TaskResult {
  const kernel = kernelOf(file, context)
  if (isRefusal(kernel)) return context.failed('file-missing', `it ${kernel.refused}`)
  const kernelBytes = copyOut(kernel.elf, DESCRIPTOR.kernel, task.maxOutputBytes)
  return { kind: 'kernel', kernelFacts: kernel.facts, kernelBytes }
}

const kernelOf = (file: Source, { task, budget }: Context): Kernel | Refusal =>
  readKernel(file, { maxFileBytes: task.maxKernelFileBytes, maxBytes: task.maxOutputBytes }, budget)

/** What boots, and the menu line it came from. */
interface Chosen {
  readonly boot: Boot
  readonly entry: BootSource
}

function boot(disk: Disk, task: BootTask, context: Context): TaskResult {
  const chosen = task.kernel === null ? fromMenus(disk, task, context) : fromPaths(disk, task, task.kernel, context)
  if (isRefusal(chosen)) return context.failed(task.kernel === null ? 'boot-not-found' : 'file-missing', chosen.refused)
  const cmdline = commandLine(chosen.boot.cmdline, task.extraArgs)
  if (isRefusal(cmdline)) return context.failed('boot-not-found', cmdline.refused)
  const fingerprint = attempt(() => fingerprintOf(chosen.boot))
  if (isRefusal(fingerprint)) return context.failed('boot-not-found', fingerprint.refused)
  const extracted = task.known.includes(fingerprint) ? null : extract(chosen.boot, context)
  if (isRefusal(extracted)) return context.failed('boot-not-found', extracted.refused)
  return { kind: 'boot', entry: chosen.entry, cmdline, fingerprint, extracted, notes: context.notes }
}

/** Linux takes 2048 characters on x86 (COMMAND_LINE_SIZE), others more; libxl takes less than 8192. */
const MAX_CMDLINE = 4096

function commandLine(ofEntry: string, extra: string): string | Refusal {
  const words = [ofEntry, extra].map((part) => part.replace(/[\t\r\n]+/g, ' ').trim()).filter((part) => part !== '')
  const line = words.join(' ')
  if (/\p{Cc}/u.test(line)) return refuse('its command line has a control character')
  return line.length > MAX_CMDLINE ? refuse(`its command line is longer than ${MAX_CMDLINE} characters`) : line
}

/** Writes kernel and ramdisk to their descriptors. */
function extract({ kernel: file, ramdisks }: Boot, context: Context): ExtractedFacts | Refusal {
  const { maxOutputBytes } = context.task
  const content = attempt(() => file.node.open())
  const kernel = isRefusal(content) ? content : kernelOf(content, context)
  if (isRefusal(kernel)) return refuse(`${nameOf(file)} ${kernel.refused}`)
  const kernelBytes = copyOut(kernel.elf, DESCRIPTOR.kernel, maxOutputBytes)
  const ramdiskBytes = ramdisks.length === 0 ? null : copyRamdisks(ramdisks, maxOutputBytes)
  return { kernelFacts: kernel.facts, kernelBytes, ramdiskBytes }
}

const nameOf = ({ volume, path }: GuestFile): string => `${volume.name}:${path}`

/** A kernel and ramdisk that the user named by their paths: `/boot/vmlinuz`, or `gpt2:/vmlinuz`. */
function fromPaths(disk: Disk, task: BootTask, kernelPath: string, context: Context): Chosen | Refusal {
  const find = (path: string): GuestFile | Refusal => {
    const named = /^([a-z]+\d*):(\/.*)$/s.exec(path)
    const partition = named?.[1]
    for (const volume of disk.volumes) {
      if (partition !== undefined && volume.name !== partition) continue
      const file = guestFile(volume, named?.[2] ?? path, context.budget)
      if (!isRefusal(file)) return file
      context.note(file.refused)
    }
    return refuse(`there is no file "${path}" on any partition`)
  }
  const kernel = find(kernelPath)
  if (isRefusal(kernel)) return kernel
  const ramdisk = task.ramdisk === null ? null : find(task.ramdisk)
  if (isRefusal(ramdisk)) return ramdisk
  return {
    boot: { kernel, ramdisks: ramdisk === null ? [] : [ramdisk], cmdline: '' },
    entry: {
      title: plainLine(tidy(kernelPath)),
      id: null,
      path: '0',
      source: plainLine(kernel.path),
      partition: kernel.volume.name,
      filesystem: kernel.volume.filesystem.type,
    },
  }
}

function fromMenus(disk: Disk, task: BootTask, context: Context): Chosen | Refusal {
  for (const file of findMenus(disk, context.budget, context.note)) {
    const where = `${file.volume.name}:${file.path}`
    if (task.entry !== null) {
      const entry = entryNamed(file.menu, task.entry)
      if (!isRefusal(entry)) return bootOf(file, entry)
      context.note(`${where}: ${entry.refused}; it has ${titles(file)}`)
      continue
    }
    const first = defaultEntry(file.menu)
    const tried = [first, ...fallbackEntries(file.menu)].map((entry) => ({ entry, chosen: bootOf(file, entry) }))
    for (const [index, { chosen }] of tried.entries()) {
      if (!isRefusal(chosen)) {
        if (index > 0) context.note(`${where}: the fallback "${chosen.entry.title}" is booted`)
        return chosen
      }
      context.note(`${where}: ${chosen.refused}`)
    }
    return refuse(`the default of ${where} cannot be booted`)
  }
  if (task.entry !== null) return refuse(`no menu has an entry "${task.entry}"`)
  return refuse(disk.volumes.length === 0 ? 'no partition has a filesystem that is read' : 'no boot menu was found')
}

const titles = (file: MenuFile): string =>
  [...allEntries(file.menu)].map(({ path, title }) => `${path} "${title}"`).join(', ')

function bootOf(file: MenuFile, entry: MenuEntry | Refusal): Chosen | Refusal {
  if (isRefusal(entry)) return entry
  const found = entry.boot()
  if (isRefusal(found)) return refuse(`"${entry.title}": ${found.refused}`)
  return { boot: found, entry: sourceOf(file, entry) }
}

const sourceOf = (file: MenuFile, entry: MenuEntry): BootSource => ({
  title: plainLine(entry.title),
  id: entry.id === null ? null : plainLine(entry.id),
  path: entry.path,
  source: plainLine(file.path),
  partition: file.volume.name,
  filesystem: file.volume.filesystem.type,
})

function list(disk: Disk, context: Context): TaskResult {
  const entries: BootEntry[] = []
  let defaultBecause = 'there is no boot menu'
  const facts = new Map<string, Kernel['facts'] | Refusal>()
  for (const file of findMenus(disk, context.budget, context.note)) {
    const isFirst = entries.length === 0
    const chosen = defaultEntry(file.menu)
    if (isFirst) defaultBecause = plainLine(`${file.volume.name}:${file.path}: ${file.menu.defaultBecause}`)
    for (const entry of allEntries(file.menu)) {
      if (entries.length >= MAX_LISTED) break
      const isDefault = isFirst && !isRefusal(chosen) && chosen.path === entry.path
      entries.push({ ...sourceOf(file, entry), isDefault, ...kernelOfEntry(entry, facts, context) })
    }
  }
  return { kind: 'list', entries, defaultBecause, notes: context.notes }
}

function kernelOfEntry(
  entry: MenuEntry,
  known: Map<string, Kernel['facts'] | Refusal>,
  context: Context,
): Pick<BootEntry, 'kernel' | 'kernelFacts' | 'problem'> {
  const found = entry.boot()
  if (isRefusal(found)) return { kernel: null, kernelFacts: null, problem: plainLine(found.refused) }
  const file = found.kernel
  const name = nameOf(file)
  let facts = known.get(name)
  if (facts === undefined) {
    const kernel = attempt(() => kernelOf(file.node.open(), context))
    facts = isRefusal(kernel) ? kernel : kernel.facts
    known.set(name, facts)
  }
  if (isRefusal(facts)) return { kernel: plainLine(file.path), kernelFacts: null, problem: plainLine(facts.refused) }
  return { kernel: plainLine(file.path), kernelFacts: facts, problem: null }
}

/** Copies to an output descriptor; returns the bytes written. Throws DiskFault above the limit. */
function copyOut(source: Source, fd: number, limit: number): number {
  if (source.size > limit) throw new DiskFault(`${source.size} bytes are more than may be extracted (${limit})`)
  for (let at = 0; at < source.size; at += COPY_BYTES) {
    writeAll(fd, readBytes(source, at, Math.min(COPY_BYTES, source.size - at)))
  }
  return source.size
}

/** Joins ramdisks, each padded to four bytes: the kernel unpacks one archive after the other (Linux init/initramfs.c). */
function copyRamdisks(ramdisks: readonly GuestFile[], limit: number): number {
  let total = 0
  for (const { node } of ramdisks) {
    const padding = (4 - (total % 4)) % 4
    if (padding > 0) writeAll(DESCRIPTOR.ramdisk, Buffer.alloc(padding))
    total += padding + copyOut(node.open(), DESCRIPTOR.ramdisk, limit - total - padding)
  }
  return total
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done)
}
