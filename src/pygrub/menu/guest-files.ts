import { attempt, type Budget, isRefusal, type Refusal, refuse } from '../disk-fault.ts'
import { type Node } from '../fs/filesystem.ts'
import { readWhole, resolve, resolveFile } from '../fs/path.ts'
import { type Volume } from '../volumes.ts'
import { type GuestFile } from './menu.ts'

/** Menus, environment blocks and entries of boot loaders; kernels are never read whole. */
const MAX_MENU_BYTES = 4 * 1024 * 1024

/** A file of a volume. */
export function guestFile(volume: Volume, path: string, budget: Budget): GuestFile | Refusal {
  const node = resolveFile(volume.filesystem, path, budget)
  return isRefusal(node) ? { ...node, refused: `${volume.name}:${node.refused}` } : { volume, path: tidy(path), node }
}

/** One slash at the front, none doubled, none at the end. */
export const tidy = (path: string): string =>
  `/${path
    .split('/')
    .filter((name) => name !== '')
    .join('/')}`

/** Anything under a path of a volume, or null. */
export function guestNode(volume: Volume, path: string, budget: Budget): Node | null {
  const node = resolve(volume.filesystem, path, budget)
  return isRefusal(node) ? null : node
}

/** The text of a small file; bytes that are no UTF-8 come out as replacement characters. */
export function readText(volume: Volume, path: string, budget: Budget): string | Refusal {
  const file = guestFile(volume, path, budget)
  if (isRefusal(file)) return file
  const text = attempt(() => readWhole(file.node.open(), MAX_MENU_BYTES).toString('utf8'))
  return isRefusal(text) ? refuse(`${volume.name}:${path}: ${text.refused}`) : text
}
