/** All entries of all menus of a disk, for people who choose one. */
import { attempt, type Budget, isRefusal, type Refusal } from './disk-fault.ts'
import { nothingFound, sourceOf } from './choose-boot.ts'
import { commandLine } from './command-line.ts'
import { type Source } from './disk/source.ts'
import { fullFacts, type Kernel } from './kernel/kernel.ts'
import { allEntries, defaultEntry } from './menu/choose.ts'
import { findMenus } from './menu/find-menus.ts'
import { type GuestFile, type MenuEntry } from './menu/menu.ts'
import { plainLine } from './plain-line.ts'
import { type Report } from './report.ts'
import { type Failure, type ListResult } from './task.ts'
import { type BootEntry } from './types.ts'
import { type Disk } from './volumes.ts'

const MAX_LISTED = 2000

interface Listing {
  readonly budget: Budget
  readonly report: Report
  /** Unpacks a kernel and reads its notes; null when only names are wanted. */
  readonly kernelOf: ((file: Source) => Kernel | Refusal) | null
}

export function listEntries(disk: Disk, listing: Listing): ListResult | Failure {
  const { budget, report } = listing
  const entries: BootEntry[] = []
  const menu = { defaultBecause: '', timeoutSeconds: null as number | null }
  const lookAt = cachedLook(listing)
  for (const file of findMenus(disk, budget, report)) {
    const isFirst = entries.length === 0
    const chosen = defaultEntry(file.menu)
    if (isFirst) {
      menu.defaultBecause = plainLine(`${file.volume.name}:${file.path}: ${file.menu.defaultBecause}`)
      menu.timeoutSeconds = file.menu.timeoutSeconds
    }
    for (const entry of allEntries(file.menu)) {
      if (entries.length >= MAX_LISTED) break
      const isDefault = isFirst && !isRefusal(chosen) && chosen.path === entry.path
      entries.push({ ...sourceOf(file, entry), isDefault, ...bootOf(entry, lookAt) })
    }
  }
  if (entries.length === 0)
    return { kind: 'failure', code: 'boot-not-found', why: nothingFound(disk), looked: report.lines }
  return { kind: 'list', entries, ...menu, notes: report.notes }
}

type Look = (file: GuestFile) => Kernel['facts'] | Refusal | null

/** Entries share kernels, and unpacking one is the dear part. */
function cachedLook({ kernelOf }: Listing): Look {
  const known = new Map<string, Kernel['facts'] | Refusal>()
  return (file) => {
    if (kernelOf === null) return null
    const name = `${file.volume.name}:${file.path}`
    const before = known.get(name)
    if (before !== undefined) return before
    const facts = attempt(() => {
      const kernel = kernelOf(file.node.open())
      return isRefusal(kernel) ? kernel : fullFacts(kernel)
    })
    known.set(name, facts)
    return facts
  }
}

type Booted = Pick<BootEntry, 'kernel' | 'ramdisks' | 'cmdline' | 'kernelFacts' | 'problem'>

function bootOf(entry: MenuEntry, lookAt: Look): Booted {
  const found = entry.boot()
  if (isRefusal(found)) {
    return { kernel: null, ramdisks: [], cmdline: null, kernelFacts: null, problem: plainLine(found.refused) }
  }
  const cmdline = commandLine(found.cmdline)
  const known = {
    kernel: plainLine(found.kernel.path),
    ramdisks: found.ramdisks.map(({ path }) => plainLine(path)),
    cmdline: isRefusal(cmdline) ? null : cmdline,
  }
  if (isRefusal(cmdline)) return { ...known, kernelFacts: null, problem: plainLine(cmdline.refused) }
  const facts = lookAt(found.kernel)
  return isRefusal(facts)
    ? { ...known, kernelFacts: null, problem: plainLine(`${known.kernel} ${facts.refused}`) }
    : { ...known, kernelFacts: facts, problem: null }
}
