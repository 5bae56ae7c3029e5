/** Which kernel and ramdisk of a disk are booted: those that a user names by path, the entry that is asked for, or the menu's default. */
import { type Budget, isRefusal, type Refusal, refuse } from './disk-fault.ts'
import { allEntries, defaultEntry, entryNamed, fallbackEntries } from './menu/choose.ts'
import { findMenus } from './menu/find-menus.ts'
import { guestFile, tidy } from './menu/guest-files.ts'
import { type Boot, type GuestFile, type MenuEntry, type MenuFile } from './menu/menu.ts'
import { plainLine } from './plain-line.ts'
import { type Report } from './report.ts'
import { type BootTask } from './task.ts'
import { type BootSource } from './types.ts'
import { type Disk } from './volumes.ts'

/** What boots, and the menu line it came from. */
export interface Candidate {
  readonly boot: Boot
  readonly entry: BootSource
}

interface Looking {
  readonly budget: Budget
  readonly report: Report
}

/** Takes why the one before could not be loaded; returns why nothing boots. */
type Candidates = Generator<Candidate, string, string>

/** What to try, best first. */
export function candidates(disk: Disk, task: BootTask, looking: Looking): Candidates {
  return task.kernel === null ? fromMenus(disk, task, looking) : fromPaths(disk, task, task.kernel, looking)
}

/** A kernel and ramdisk that the user named by their paths: `/boot/vmlinuz`, or `gpt2:/vmlinuz`. */
function* fromPaths(disk: Disk, task: BootTask, kernelPath: string, { budget, report }: Looking): Candidates {
  const find = (path: string): GuestFile | Refusal => {
    const named = /^([a-z]+\d*|lvm\/[^:]+):(\/.*)$/s.exec(path)
    const partition = named?.[1]
    for (const volume of disk.volumes) {
      if (partition !== undefined && volume.name !== partition) continue
      const file = guestFile(volume, named?.[2] ?? path, budget)
      if (!isRefusal(file)) return file
      report.look(file.refused)
    }
    return refuse(`there is no file "${path}" on any partition`)
  }
  const kernel = find(kernelPath)
  if (isRefusal(kernel)) return kernel.refused
  const ramdisk = task.ramdisk === null ? null : find(task.ramdisk)
  if (isRefusal(ramdisk)) return ramdisk.refused
  return yield {
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

function* fromMenus(disk: Disk, task: BootTask, { budget, report }: Looking): Candidates {
  for (const file of findMenus(disk, budget, report)) {
    const where = `${file.volume.name}:${file.path}`
    if (task.entry !== null) {
      const entry = entryNamed(file.menu, task.entry)
      if (isRefusal(entry)) {
        report.look(`${where}: ${entry.refused}; it has ${titles(file)}`)
        continue
      }
      const chosen = candidateOf(file, entry)
      return `${where}: "${entry.title}": ${isRefusal(chosen) ? chosen.refused : yield chosen}`
    }
    let why: string | null = null
    for (const entry of [defaultEntry(file.menu), ...fallbackEntries(file.menu)]) {
      const chosen = candidateOf(file, entry)
      if (!isRefusal(chosen) && why !== null) report.note(`${where}: the fallback "${chosen.entry.title}" is taken`)
      const refused = isRefusal(chosen) ? chosen.refused : yield chosen
      const sentence = `${where}: "${isRefusal(entry) ? 'its default' : entry.title}": ${refused}`
      report.note(sentence)
      why ??= sentence
    }
    report.look(`${where}: its entries are ${titles(file)}; ${file.menu.defaultBecause}`)
    return why ?? `${where}: it has no default`
  }
  if (task.entry !== null) return `no menu has an entry "${task.entry}"`
  return nothingFound(disk)
}

/** Why a disk without any menu has none. */
export const nothingFound = ({ volumes }: Disk): string =>
  volumes.length === 0
    ? 'no partition has a filesystem that is read'
    : 'there is neither a boot menu that is read nor a kernel'

const titles = (file: MenuFile): string =>
  [...allEntries(file.menu)].map(({ path, title }) => `${path} "${title}"`).join(', ')

function candidateOf(file: MenuFile, entry: MenuEntry | Refusal): Candidate | Refusal {
  if (isRefusal(entry)) return entry
  const found = entry.boot()
  return isRefusal(found) ? found : { boot: found, entry: sourceOf(file, entry) }
}

export const sourceOf = (file: MenuFile, entry: MenuEntry): BootSource => ({
  title: plainLine(entry.title),
  id: entry.id === null ? null : plainLine(entry.id),
  path: entry.path,
  source: plainLine(file.path),
  partition: file.volume.name,
  filesystem: file.volume.filesystem.type,
})
