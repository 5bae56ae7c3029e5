/**
 * Files into dom0. They travel as a tar on a disk that both sides see, at hundreds of MB/s: an emulated processor decrypts
 * 2 MB/s of ssh, and takes 10 MB/s from an emulated network card.
 */
import { statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { locked } from './lock.ts'
import type { LabPlace } from './place.ts'
import { capture, output } from './run.ts'
import { quoted, sshCommand, type SshTarget } from './ssh.ts'

/** The second disk of the machine (machine.ts). */
const device = '/dev/vdb'

/** Large records: each is a call of an emulated kernel. */
const records = ['-b', '2048']

/** What a copy may take on a busy machine, milliseconds. */
const copyMs = 1_200_000

/** What dom0 runs before it reads: what it remembers of the disk is from the last time. */
const look = `blockdev --flushbufs ${device}`

/** The command in dom0 that unpacks what `withTar` packed. */
const unpack = `${look} && tar ${records.join(' ')} -xf ${device}`

/** Packs with tar(1)'s `args` on this machine, and does `work`, for which dom0 finds the tar on its disk. */
function withTar<T>(place: LabPlace, args: readonly string[], work: () => Promise<T>): Promise<T> {
  return exclusive(place, async () => {
    const size = statSync(place.exchange).size
    const pack = ['tar', ...records, '--owner=0', '--group=0', '-c', ...args]
    // Into the file as it is: QEMU has it open, and its size is the disk's.
    await output(['sh', '-c', 'exec "$@" 1<>"$0"', place.exchange, ...pack])
    if (statSync(place.exchange).size > size) throw new Error(`more than the ${size} bytes that fit through at once`)
    return await work()
  })
}

/** Copies a file or directory into dom0: into `destination` when that is a directory there. */
export async function send(target: SshTarget, source: string, destination: string): Promise<void> {
  const from = resolve(source)
  const name = basename(from)
  const isDirectory = statSync(from).isDirectory()
  const tar = isDirectory ? ['-C', from, '.'] : ['-C', dirname(from), name]
  const move = `t=$(mktemp -d "$(dirname "$to")/.push-XXXXXX"); ${unpack} -C "$t"; mv -fT "$t"/${quoted(name)} "$to"; rmdir "$t"`
  const merge = `mkdir -p "$to"; ${unpack} -C "$to"`
  await withTar(target.place, tar, () =>
    inDom0(
      target,
      `to=${quoted(destination)}; [ ! -d "$to" ] || to=$to/${quoted(name)}; ${isDirectory ? merge : move}`,
    ),
  )
}

/** Copies files to the same places below dom0's root: `names` are paths below `root`. */
export async function sendBelowRoot(target: SshTarget, root: string, names: readonly string[]): Promise<void> {
  await withTar(target.place, ['-C', root, '--', ...names], () => inDom0(target, `${unpack} -C /`))
}

/** One at a time: it is one disk. */
function exclusive<T>(place: LabPlace, work: () => Promise<T>): Promise<T> {
  return locked(join('labs', place.name, 'exchange'), work)
}

/** Runs a script with dom0's shell that must succeed. */
async function inDom0(target: SshTarget, script: string): Promise<void> {
  const { code, stderr } = await capture(sshCommand(target, `set -e; ${script}`), { timeoutMs: copyMs })
  if (code !== 0) throw new Error(`in dom0: ${script}: exit ${code}\n${stderr.trim()}`)
}
