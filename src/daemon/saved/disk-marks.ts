/** Whether the disks of a saved guest are as it left them: its memory holds a part of what should be on them. */
import { stat } from 'node:fs/promises'
import type { GuestSpec } from '../../config/guest-spec.ts'
import { fail } from '../../words/errors.ts'
import type { Saved } from './saved-guests.ts'

type Mark = Saved['disks'][number]

/** Of block devices nobody can tell whether something was written. */
export async function markDisks({ disks }: GuestSpec): Promise<Mark[]> {
  const files = disks.flatMap(({ target, access }) => (target === null || access === 'read-only' ? [] : [target]))
  return (await Promise.all(files.map(markOf))).filter((mark) => mark !== null)
}

async function markOf(file: string): Promise<Mark | null> {
  const found = await stat(file).catch(() => null)
  return found?.isFile() === true ? { file, bytes: found.size, changedAtMs: found.mtimeMs } : null
}

/** Throws `wrong-state` for a disk that has changed since. */
export async function mustBeAsLeft({ name, savedAt, disks }: Saved): Promise<void> {
  for (const { file, bytes, changedAtMs } of disks) {
    const now = await markOf(file)
    if (now?.bytes === bytes && now.changedAtMs === changedAtMs) continue
    throw fail('wrong-state', {
      what: `"${name}" cannot go on from where it was saved`,
      where: file,
      why:
        now === null
          ? 'this disk is not there any more'
          : `this disk was changed at ${new Date(now.changedAtMs).toISOString()}, after it was saved at ${savedAt}`,
      fix: `put the disk back; or forget what was saved and start from the disk: tetrarch destroy ${name}, then: tetrarch create ${name}`,
    })
  }
}
