import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { fail } from '../words/errors.ts'

/** A disk or kernel file, open for reading. */
export interface Input {
  readonly handle: FileHandle
  /** Bytes. */
  readonly size: number
  [Symbol.asyncDispose](): Promise<void>
}

const SECTOR = 512

/**
 * Opens an image or block device read-only. Throws `file-missing` for what is neither, or cannot be read.
 * A fifo or device of another kind never blocks the open (O_NONBLOCK).
 */
export async function openInput(path: string): Promise<Input> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY).catch(
    (cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw fail('file-missing', { what: `cannot read ${path}`, why, stage: 'boot loader' }, { cause })
    },
  )
  try {
    const size = await sizeOf(path, handle)
    return { handle, size, [Symbol.asyncDispose]: () => handle.close() }
  } catch (thrown) {
    await handle.close()
    throw thrown
  }
}

async function sizeOf(path: string, handle: FileHandle): Promise<number> {
  const status = await handle.stat()
  if (status.isFile()) return status.size
  if (!status.isBlockDevice()) {
    throw fail('file-missing', { what: `${path} is neither a file nor a block device`, stage: 'boot loader' })
  }
  await forgetCache(path)
  const { major, minor } = deviceNumber(status.rdev)
  const sectors = await readFile(`/sys/dev/block/${major}:${minor}/size`, 'utf8')
  return Number.parseInt(sectors, 10) * SECTOR
}

/**
 * Makes the next reads see the device itself: while a guest ran, its backend wrote past dom0's page cache
 * (Linux drivers/block/xen-blkback submits to the device), so cached pages may be older than the disk.
 */
async function forgetCache(path: string): Promise<void> {
  await promisify(execFile)('blockdev', ['--flushbufs', path]).catch((cause: unknown) => {
    throw fail('file-missing', { what: `cannot flush the cache of ${path}`, stage: 'boot loader' }, { cause })
  })
}

/** glibc's gnu_dev_major and gnu_dev_minor (sys/sysmacros.h). */
function deviceNumber(rdev: number): { major: number; minor: number } {
  const value = BigInt(rdev)
  return {
    major: Number(((value >> 8n) & 0xfffn) | ((value >> 32n) & 0xfffff000n)),
    minor: Number((value & 0xffn) | ((value >> 12n) & 0xffffff00n)),
  }
}
