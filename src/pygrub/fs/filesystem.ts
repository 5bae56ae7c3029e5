import { type Refusal } from '../disk-fault.ts'
import { type Source } from '../disk/source.ts'

/**
 * A filesystem in a guest, read-only. What its bytes get wrong is thrown as DiskFault and caught by the callers in
 * fs/path.ts; no filesystem ever writes, follows a path by itself, or keeps a file's content.
 */
export interface Filesystem {
  /** The name users know: `ext4`, `xfs`, `vfat`. */
  readonly type: string
  /** As `blkid` and GRUB's `search --fs-uuid` write it; null where the format has none. */
  readonly uuid: string | null
  readonly label: string | null
  readonly root: Node
  /** True where `A` and `a` are one name. */
  readonly ignoresCase: boolean
  /** It was not unmounted cleanly: newer metadata may lie in its journal, which is not replayed. */
  readonly needsReplay: boolean
  /** What a user should know, such as a journal that was not replayed. */
  readonly notes: readonly string[]
}

export type NodeKind = 'file' | 'directory' | 'symlink' | 'other'

/** A file, directory or symlink. Which of the three readers may be called is told by `kind`. */
export interface Node {
  readonly kind: NodeKind
  /** Bytes of content. */
  readonly size: number
  /** Changes whenever the file was replaced or written through its filesystem: inode, size, times, first block. */
  readonly fingerprint: string
  /** A file's content. */
  open(): Source
  /** A directory's entries without `.` and `..`, in the disk's order. */
  entries(): readonly DirectoryEntry[]
  /** A symlink's text. */
  target(): string
}

export interface DirectoryEntry {
  readonly name: string
  node(): Node
}

/** Tries to read a partition as one format: the filesystem, or why it is not one. */
export type FilesystemOpener = (partition: Source) => Filesystem | Refusal
