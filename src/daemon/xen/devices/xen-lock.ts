/**
 * The lock of Xen's own block script (tools/hotplug/Linux/locking.sh): while it is held, no script of xl's looks whether a
 * disk is in use, or says that it uses one. Its protocol: open the file, flock it, see that the name still leads to it;
 * who holds it removes the file.
 */
import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { flock } from '../../../libxl/libc.ts'
import { fail } from '../../../words/errors.ts'

const LOCK_FILE = '/run/xen-hotplug/block'
const LOCK_EX_NB = 2 | 4
const LOOK_AGAIN_MS = 10

export interface XenLockOptions {
  /** How long another one may hold it. */
  readonly waitMs: number
  readonly file?: string | undefined
}

/** Runs the work of one caller at a time, none of them beside a block script. */
export class XenLock {
  readonly #file: string
  readonly #waitMs: number
  #last: Promise<unknown> = Promise.resolve()

  constructor({ waitMs, file = LOCK_FILE }: XenLockOptions) {
    this.#waitMs = waitMs
    this.#file = file
  }

  held<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#whileLocked(work))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async #whileLocked<T>(work: () => Promise<T>): Promise<T> {
    const file = this.#file
    const handle = await this.#take(file)
    try {
      return await work()
    } finally {
      await rm(file, { force: true })
      await handle.close()
    }
  }

  async #take(file: string): Promise<FileHandle> {
    await mkdir(dirname(file), { recursive: true })
    const until = performance.now() + this.#waitMs
    while (performance.now() < until) {
      const handle = await open(file, 'a+', 0o644)
      if (flock(handle.fd, LOCK_EX_NB) === 0 && (await leadsTo(file, handle))) return handle
      await handle.close()
      await sleep(LOOK_AGAIN_MS)
    }
    const why = 'a block script of Xen works on another disk, or hangs'
    throw fail('deadline', { what: "the lock of Xen's block script could not be had", where: file, why })
  }
}

async function leadsTo(file: string, handle: FileHandle): Promise<boolean> {
  const [named, opened] = await Promise.all([
    stat(file, { bigint: true }).catch(() => null),
    handle.stat({ bigint: true }),
  ])
  return named?.ino === opened.ino && named.dev === opened.dev
}
