/** The folder of core dumps: bounded in number, in size and in what it leaves free. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DaemonConfig } from '../../config/daemon-config.ts'
import { freeSpaceMiB } from '../free-space.ts'

interface Dump {
  readonly file: string
  readonly mebibytes: number
  readonly madeAt: number
}

const MEBIBYTE = 1024 * 1024
/** Xen's dump has tables besides the pages (tools/libs/ctrl/xc_core.c). */
const TABLES_MIB = 16
const WHOLE = '.core'
const DRAFT = '.core.part'

/** Drafts that are being written now. */
const inProgress = new Set<string>()

/** A dump to be made. */
export interface DumpOf {
  readonly guest: string
  readonly needMiB: number
  /** Writes it. */
  readonly write: (file: string) => Promise<void>
}

/** Writes one more dump, the oldest being removed for it; tells what came of it. Rejects when writing fails. */
export async function writeDump(
  { paths, dumps }: Pick<DaemonConfig, 'paths' | 'dumps'>,
  { guest, needMiB, write }: DumpOf,
  tell: (line: string) => void,
): Promise<void> {
  const folder = paths.dumps
  const obstacle = await makeRoom(folder, dumps, needMiB + TABLES_MIB)
  if (obstacle !== null) {
    tell(`no core dump: ${obstacle}`)
    return
  }
  const name = join(folder, `${guest}-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`)
  const draft = `${name}${DRAFT}`
  inProgress.add(draft)
  try {
    await write(draft)
    await rename(draft, `${name}${WHOLE}`)
    tell(`core dump: ${name}${WHOLE}`)
  } finally {
    inProgress.delete(draft)
    await rm(draft, { force: true })
  }
}

/** Removes the oldest dumps as far as that helps. Null when there is room then, otherwise why there is none. */
async function makeRoom(folder: string, limits: DaemonConfig['dumps'], wantedMiB: number): Promise<string | null> {
  const { keep, maxMiB, keepFreeMiB } = limits
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (keep === 0 || wantedMiB > maxMiB)
    return `it takes ${wantedMiB} MiB, and [dumps] keeps ${keep}, of ${maxMiB} MiB together`
  await removeOldest(folder, { count: keep - 1, mebibytes: maxMiB - wantedMiB })
  const freeMiB = await freeSpaceMiB(folder)
  if (freeMiB - keepFreeMiB >= wantedMiB) return null
  return `it takes ${wantedMiB} MiB, and ${folder} has ${freeMiB} MiB free, of which ${keepFreeMiB} MiB are left alone`
}

/** Leaves at most so many dumps of so much in all. A draft that nobody writes is what a killed daemon left. */
async function removeOldest(folder: string, most: { readonly count: number; readonly mebibytes: number }) {
  const names = await readdir(folder)
  const drafts = names.filter((name) => name.endsWith(DRAFT)).map((name) => join(folder, name))
  for (const draft of drafts) if (!inProgress.has(draft)) await rm(draft, { force: true })
  const dumps = await Promise.all(
    names.filter((name) => name.endsWith(WHOLE)).map((name) => lookAt(join(folder, name))),
  )
  const newestFirst = dumps.sort((a, b) => b.madeAt - a.madeAt)
  let total = 0
  for (const [index, { file, mebibytes }] of newestFirst.entries()) {
    total += mebibytes
    if (index >= most.count || total > most.mebibytes) await rm(file, { force: true })
  }
}

async function lookAt(file: string): Promise<Dump> {
  const { size, mtimeMs } = await stat(file)
  return { file, mebibytes: Math.ceil(size / MEBIBYTE), madeAt: mtimeMs }
}
