import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import type { Definition } from '../guests/guest-entry.ts'

/** Differs when the definition, or a kernel or ramdisk that it names, is another one than before. */
export function fingerprintOf({ text, spec }: Pick<Definition, 'text' | 'spec'>): string {
  const files = [spec.kernel, spec.ramdisk].map((path) => (path === undefined ? null : versionOf(path)))
  return createHash('sha256')
    .update(JSON.stringify([text, ...files]))
    .digest('hex')
}

/** A file of dom0 is told by its inode and times. */
function versionOf(path: string): string {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (status === undefined) return 'gone'
  return [status.dev, status.ino, status.size, status.mtimeNs, status.ctimeNs].join(':')
}
