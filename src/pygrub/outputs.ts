/** The files that the sandbox writes through descriptors: names of our own, new for each extraction. */
import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Paths of files that do not exist yet. */
export const newPaths = (folder: string): { kernel: string; ramdisk: string } => ({
  kernel: join(folder, `kernel-${randomUUID()}`),
  ramdisk: join(folder, `ramdisk-${randomUUID()}`),
})

/** New files for what the sandbox writes; those that the work does not keep are removed on every way out. */
export async function withOutputs<T>(
  paths: readonly string[],
  work: (outputs: readonly FileHandle[]) => Promise<{ value: T; keep: readonly string[] }>,
): Promise<T> {
  const outputs: FileHandle[] = []
  let keep: readonly string[] = []
  try {
    for (const path of paths) outputs.push(await open(path, 'wx', 0o600))
    const done = await work(outputs)
    keep = done.keep
    return done.value
  } finally {
    for (const handle of outputs) await handle.close()
    for (const path of paths) if (!keep.includes(path)) await rm(path, { force: true })
  }
}
