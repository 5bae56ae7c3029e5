import { absent, type Budget, DiskFault, isRefusal, attempt, type Refusal, refuse } from '../disk-fault.ts'
import { readBytes, type Source } from '../disk/source.ts'
import { type DirectoryEntry, type Filesystem, type Node } from './filesystem.ts'

/** As Linux (MAXSYMLINKS in include/linux/namei.h). */
const MAX_SYMLINKS = 40
/** Linux PATH_MAX; also bounds the text of a symlink. */
const MAX_PATH_BYTES = 4096

/** The entry of a directory under a name. */
function entryNamed(filesystem: Filesystem, directory: Node, name: string, budget: Budget): DirectoryEntry | undefined {
  const entries = directory.entries()
  budget.spend('entries', entries.length + 1)
  const exact = entries.find((entry) => entry.name === name)
  if (exact !== undefined || !filesystem.ignoresCase) return exact
  const folded = name.toLowerCase()
  return entries.find((entry) => entry.name.toLowerCase() === folded)
}

/** Follows a path from the root through directories and symlinks, all within one filesystem. Returns a reason if it leads nowhere. */
export function resolve(filesystem: Filesystem, path: string, budget: Budget): Node | Refusal {
  return attempt(() => {
    if (path.length > MAX_PATH_BYTES) return refuse('the path is too long')
    const trail: Node[] = [filesystem.root]
    const names = components(path)
    let symlinks = 0
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      if (name === '..') {
        if (trail.length > 1) trail.pop()
        continue
      }
      const here = trail.at(-1) ?? filesystem.root
      if (here.kind !== 'directory') return absent(`${path}: what holds "${name}" is no directory`)
      const node = entryNamed(filesystem, here, name, budget)?.node()
      if (node === undefined) return absent(`${path}: not found`)
      if (node.kind === 'symlink') {
        if (++symlinks > MAX_SYMLINKS) return refuse(`${path}: too many symlinks`)
        const target = node.target()
        if (target.startsWith('/')) trail.length = 1
        names.unshift(...components(target))
        if (names.length > MAX_PATH_BYTES) return refuse(`${path}: too many symlinks`)
      } else {
        trail.push(node)
      }
    }
    return trail.at(-1) ?? filesystem.root
  })
}

const components = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.')

/** A regular file under a path, or why there is none. */
export function resolveFile(filesystem: Filesystem, path: string, budget: Budget): Node | Refusal {
  const node = resolve(filesystem, path, budget)
  if (isRefusal(node) || node.kind === 'file') return node
  return refuse(`${path}: is no regular file`)
}

/** The entries of a directory under a path, or why there is none. */
export function listDirectory(
  filesystem: Filesystem,
  path: string,
  budget: Budget,
): readonly DirectoryEntry[] | Refusal {
  const node = resolve(filesystem, path, budget)
  if (isRefusal(node)) return node
  if (node.kind !== 'directory') return absent(`${path}: is no directory`)
  const entries = attempt(() => node.entries())
  if (!isRefusal(entries)) budget.spend('entries', entries.length)
  return entries
}

/** The whole of a small file such as a menu. Throws DiskFault if it is larger than `maxBytes`. */
export function readWhole(source: Source, maxBytes: number): Buffer {
  if (source.size > maxBytes) throw new DiskFault(`${source.size} bytes are more than a file of this kind may have`)
  return readBytes(source, 0, source.size)
}

/** The text of a symlink that is stored as a file's content. */
export function linkText(source: Source): string {
  return readWhole(source, MAX_PATH_BYTES).toString('utf8')
}
