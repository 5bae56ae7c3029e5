import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Keeps the console logs of guests that are gone from filling the disk: the newest `keep` of them stay, and all of those
 * that there are. Files that cannot be looked at or removed are left.
 */
export async function pruneLogs(
  directory: string,
  { keep, isGuest }: { readonly keep: number; readonly isGuest: (name: string) => boolean },
): Promise<void> {
  const files = await readdir(directory).catch(() => [])
  const names = new Set(files.flatMap((file) => /^(.+)\.log(?:\.1)?$/.exec(file)?.[1] ?? []))
  const gone = [...names].filter((name) => !isGuest(name))
  const dated = await Promise.all(gone.map(async (name) => ({ name, at: await newest(directory, name) })))
  for (const { name } of dated.sort((a, b) => b.at - a.at).slice(keep))
    for (const file of filesOf(directory, name)) await rm(file, { force: true }).catch(() => undefined)
}

const filesOf = (directory: string, name: string): readonly string[] =>
  ['.log', '.log.1'].map((end) => join(directory, `${name}${end}`))

async function newest(directory: string, name: string): Promise<number> {
  const times = filesOf(directory, name).map((file) =>
    stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ),
  )
  return Math.max(...(await Promise.all(times)))
}
