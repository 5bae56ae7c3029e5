import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'

export interface ConsoleLogOptions {
  /** Folder of the logs, made with mode 0700 when it is not there. */
  readonly directory: string
  /** Size, in bytes, at which NAME.log becomes NAME.log.1 and a new one is begun; so a guest never takes more than twice this. */
  readonly logBytes: number
}

/**
 * A guest's output on disk, as raw bytes: escape them before a terminal shows them. Appends one after the other; the
 * caller waits for each, so that a guest that floods its console is read no faster than the disk takes it.
 */
export class ConsoleLog {
  readonly #path: string
  readonly #logBytes: number
  #file: FileHandle
  #size: number

  private constructor(path: string, logBytes: number, file: FileHandle, size: number) {
    this.#path = path
    this.#logBytes = logBytes
    this.#file = file
    this.#size = size
  }

  /** Opens or continues the log of this name. Rejects with the system's error. */
  static async open(name: string, { directory, logBytes }: ConsoleLogOptions): Promise<ConsoleLog> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const path = join(directory, `${name}.log`)
    const file = await openForAppending(path)
    return new ConsoleLog(path, logBytes, file, (await file.stat()).size)
  }

  async append(bytes: Buffer): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      if (this.#size >= this.#logBytes) await this.#rotate()
      const part = rest.subarray(0, this.#logBytes - this.#size)
      await this.#file.appendFile(part)
      this.#size += part.length
      rest = rest.subarray(part.length)
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  async #rotate(): Promise<void> {
    await rename(this.#path, `${this.#path}.1`)
    const next = await openForAppending(this.#path)
    await this.#file.close()
    this.#file = next
    this.#size = 0
  }
}

const openForAppending = (path: string) =>
  // Never through a link that someone put into the folder.
  open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
