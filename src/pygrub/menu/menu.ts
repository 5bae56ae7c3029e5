import { type Refusal } from '../disk-fault.ts'
import { type Node } from '../fs/filesystem.ts'
import { type Volume } from '../volumes.ts'

/** A file in the guest that an entry boots. */
export interface GuestFile {
  readonly volume: Volume
  readonly path: string
  readonly node: Node
}

/** What an entry comes down to. */
export interface Boot {
  readonly kernel: GuestFile
  /** Joined in this order, each padded to four bytes, as boot loaders do. */
  readonly ramdisks: readonly GuestFile[]
  readonly cmdline: string
}

/** One line of a menu, whatever kind of file it comes from. */
export interface MenuEntry {
  readonly title: string
  readonly id: string | null
  /** Numbers from the top menu: `0`, `1>2`. */
  readonly path: string
  /** What it boots, or why that cannot be booted here. Evaluated when asked: scripts run then. */
  boot(): Boot | Refusal
  /** The entries of a submenu; null for an entry that boots. */
  submenu(): Menu | null
}

export interface Menu {
  readonly entries: readonly MenuEntry[]
  /** Index into `entries`; the first where the file names none. */
  readonly defaultIndex: number
  readonly defaultBecause: string
  /** Indexes to try when the default cannot be booted. */
  readonly fallbacks: readonly number[]
  /** How long it waits for somebody to choose; null when it does not say, or waits for ever. */
  readonly timeoutSeconds: number | null
}

/** A menu file that was understood. */
export interface MenuFile {
  readonly volume: Volume
  readonly path: string
  readonly menu: Menu
}

const MAX_TIMEOUT_SECONDS = 86_400

/** A menu's timeout as it writes it; what is no number of seconds, or a negative one, means for ever. */
export function timeoutOf(text: string, perSecond = 1): number | null {
  const value = /^\s*\d+\s*$/.test(text) ? Number(text) / perSecond : NaN
  return Number.isNaN(value) ? null : Math.min(Math.ceil(value), MAX_TIMEOUT_SECONDS)
}
