import { statfs } from 'node:fs/promises'

const MEBIBYTE = 1024 * 1024

/** What a filesystem has left for root's own files, MiB. */
export async function freeSpaceMiB(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return Math.floor((bavail * bsize) / MEBIBYTE)
}
