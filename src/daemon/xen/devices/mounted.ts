import { readFile, stat } from 'node:fs/promises'
import { type DiskThing, type DiskUse, thingsOf } from './disk-users.ts'

/** The mounts of dom0 itself; the daemon's own namespace shows some of them read-only. */
const MOUNTS = '/proc/1/mounts'

/** Where dom0 has mounted one of these in a way that forbids the access, null when nowhere. */
export async function mountedAt(things: readonly DiskThing[], access: DiskUse['access']): Promise<string | null> {
  for (const line of (await readFile(MOUNTS, 'utf8')).split('\n')) {
    const [source = '', target = '', , options = ''] = line.split(' ')
    if (!source.startsWith('/') || (access === 'read-only' && options.split(',').includes('ro'))) continue
    const found = await stat(unescaped(source)).catch(() => null)
    if (found?.isBlockDevice() !== true) continue
    if (thingsOf(majorOf(found.rdev), minorOf(found.rdev)).some((thing) => things.includes(thing))) return target
  }
  return null
}

/** proc(5), fstab(5): blanks are octal. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))

/** makedev(3) of glibc, for numbers below 2^32. */
export const majorOf = (device: number): number => (device >>> 8) & 0xfff
export const minorOf = (device: number): number => (device & 0xff) | ((device >>> 12) & 0xfff00)
