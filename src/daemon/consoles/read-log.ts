/**
 * Console logs for people: whole lines, without colours, control characters escaped. Reads the log that was rotated away and
 * the current one, and can go on as the guest writes, over rotations and over ends and starts of the guest.
 */
import { watch } from 'node:fs'
import { type FileHandle, open, readFile, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { LogLine } from '../../api/log.ts'
import { plainLines } from '../../words/escape-control.ts'
import { Changes } from '../changes.ts'

export interface LogQuery {
  /** Begin with this many of the last lines; null for all. */
  readonly lines: number | null
  /** Go on until the signal. */
  readonly follow: boolean
}

/** Longer lines are cut into several, so that a guest without line ends costs no memory. Bytes. */
const LINE_BYTES = 4096
const READ_BYTES = 64 * 1024

/** Rejects with the system's error when there is a log that cannot be read; one that is not there is empty. */
export async function* readLog(
  path: string,
  { lines, follow }: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  const changes = new Changes()
  using watching = new DisposableStack()
  if (follow) watching.use(watchFile(path, () => changes.happened()))
  let file = await openIfThere(path)
  try {
    const splitter = new LineSplitter()
    const old = splitter.push(await readFile(`${path}.1`).catch(() => Buffer.alloc(0)))
    for await (const bytes of restOf(file)) old.push(...splitter.push(bytes))
    if (!follow) old.push(...splitter.end())
    for (const text of lines === null ? old : old.slice(Math.max(0, old.length - lines))) yield { text }
    while (follow && !signal.aborted) {
      // Both are asked before the look, so that what happens in between is not missed.
      const change = changes.next(signal)
      const replaced = await isReplaced(path, file)
      for await (const bytes of restOf(file)) for (const text of splitter.push(bytes)) yield { text }
      if (replaced) {
        await file?.close()
        file = await openIfThere(path)
      } else await change
    }
  } finally {
    await file?.close()
  }
}

/** Cuts a stream of bytes into lines. */
class LineSplitter {
  #rest: Buffer = Buffer.alloc(0)

  push(bytes: Buffer): string[] {
    const all = Buffer.concat([this.#rest, bytes])
    const lines: string[] = []
    let from = 0
    while (from < all.length) {
      const newline = all.indexOf(0x0a, from)
      const end = newline === -1 ? all.length : newline
      if (newline === -1 && end - from < LINE_BYTES) break
      const to = Math.min(end, from + LINE_BYTES)
      lines.push(...toText(all.subarray(from, to)))
      from = to === newline ? to + 1 : to
    }
    this.#rest = Buffer.from(all.subarray(from))
    return lines
  }

  /** What is left without a line end. */
  end(): string[] {
    return this.#rest.length === 0 ? [] : toText(this.#rest)
  }
}

const toText = (line: Buffer): string[] => plainLines(line.toString('utf8'))

async function* restOf(file: FileHandle | null): AsyncGenerator<Buffer, void, undefined> {
  if (file === null) return
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, null)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}

async function isReplaced(path: string, file: FileHandle | null): Promise<boolean> {
  const now = await stat(path).catch(() => null)
  if (now === null) return false
  return file === null || (await file.stat()).ino !== now.ino
}

const openIfThere = (path: string): Promise<FileHandle | null> =>
  open(path, 'r').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })

/** Files of the same folder are many; only this one's changes are told. */
function watchFile(path: string, onChange: () => void): Disposable {
  const watcher = watch(dirname(path), (_event, name) => {
    if (name === basename(path)) onChange()
  })
  return { [Symbol.dispose]: () => watcher.close() }
}
