import { type Budget, isRefusal } from '../disk-fault.ts'
import { type Volume } from '../volumes.ts'
import { guestFile } from './guest-files.ts'
import { type GuestFile, type MenuEntry } from './menu.ts'

/** An entry whose files are named by their paths on one volume. */
export interface PathEntry {
  readonly title: string
  readonly id: string | null
  readonly volume: Volume
  readonly kernel: string
  readonly ramdisks: readonly string[]
  readonly cmdline: string
}

/** A menu line at `index` for files that are looked up when it is booted. */
export function pathEntry(entry: PathEntry, index: number, budget: Budget): MenuEntry {
  return {
    title: entry.title,
    id: entry.id,
    path: String(index),
    submenu: () => null,
    boot() {
      const kernel = guestFile(entry.volume, entry.kernel, budget)
      if (isRefusal(kernel)) return kernel
      const ramdisks: GuestFile[] = []
      for (const path of entry.ramdisks) {
        const file = guestFile(entry.volume, path, budget)
        if (isRefusal(file)) return file
        ramdisks.push(file)
      }
      return { kernel, ramdisks, cmdline: entry.cmdline }
    },
  }
}
