import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Writes a file whole or not at all: a crash or a full disk leaves the old one or the new one, also on the disk. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.new`
  try {
    await writeDurably(draft, text)
    await rename(draft, file)
  } catch (thrown) {
    await rm(draft, { force: true })
    throw thrown
  }
  await syncFolderOf(file)
}

/** Makes a file's coming or going last over a crash. */
export async function syncFolderOf(file: string): Promise<void> {
  await using folder = await open(dirname(file), 'r')
  await folder.sync()
}

async function writeDurably(file: string, text: string): Promise<void> {
  await using handle = await open(file, 'w', 0o600)
  await handle.writeFile(text)
  await handle.sync()
}
