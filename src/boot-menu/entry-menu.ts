/** The entries of a disk as a menu, and what is asked of the boot loader after a person chose. */
import type { MenuItem, Outcome } from './menu-state.ts'

/** Seconds, where a guest's menu does not say how long it waits, or would wait for ever: there may be nobody. */
export const USUAL_TIMEOUT_S = 10

interface ListedEntry {
  readonly path: string
  readonly title: string
  readonly partition: string
  readonly kernel: string | null
  readonly cmdline: string | null
  readonly problem: string | null
  readonly isDefault: boolean
}

/** A line of the menu. `adds` is what is added to the entry's own command line. */
export const menuItem = (
  { path, title, kernel, partition, cmdline, problem, isDefault }: ListedEntry,
  adds: string,
): MenuItem => ({
  ...{ path, title, problem, isDefault },
  kernel: kernel && `${partition}:${kernel}`,
  cmdline: [cmdline ?? '', adds].filter((part) => part !== '').join(' '),
})

/** The default is not named, so that its fallbacks stay. */
export const choiceOf = ({ item, cmdline }: Extract<Outcome, { kind: 'boot' }>) => ({
  ...(item.isDefault ? {} : { entry: item.path }),
  ...(cmdline === null ? {} : { cmdline }),
})
