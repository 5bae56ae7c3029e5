/**
 * What connect-device, the program that libxl runs for each device, is told: one file per backend, written when the
 * device is connected or cannot be. They are in /run, so that a program started while the daemon restarts finds them.
 */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Backend, backendName } from './backend.ts'

/** Not a setting: connect-device looks there, also where xl starts it. */
const FOLDER = '/run/tetrarch/devices'
const CONNECTED = 'connected'
/** Holds the pid of the daemon that connects devices; without it connect-device runs Xen's own scripts. */
const PID = 'pid'

export class Verdicts {
  readonly #folder: string

  constructor(folder = FOLDER) {
    this.#folder = folder
  }

  /** Says that a daemon is there. */
  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o755 })
    await this.#put(PID, String(process.pid))
  }

  /** From here on Xen's scripts do the work. */
  async close(): Promise<void> {
    await rm(join(this.#folder, PID), { force: true })
  }

  connected = (backend: Backend): Promise<void> => this.#put(backendName(backend), CONNECTED)

  refused = (backend: Backend, why: string): Promise<void> =>
    this.#put(backendName(backend), why.replaceAll(/\s+/g, ' '))

  forget = (backend: Backend): Promise<void> => rm(join(this.#folder, backendName(backend)), { force: true })

  /** Removes the verdicts on devices that are gone. */
  async keepOnly(backends: readonly Backend[]): Promise<void> {
    const kept = new Set([PID, ...backends.map(backendName)])
    for (const name of await readdir(this.#folder))
      if (!kept.has(name)) await rm(join(this.#folder, name), { force: true })
  }

  /** Seen whole or not at all. */
  async #put(name: string, text: string): Promise<void> {
    const file = join(this.#folder, name)
    await writeFile(`${file}.new`, `${text}\n`, { mode: 0o644 })
    await rename(`${file}.new`, file)
  }
}
