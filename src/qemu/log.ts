/** The log that QEMU writes into: its own words are evidence, and a guest can make it write without end. */
import { open, readlink, stat, truncate } from 'node:fs/promises'
import { plainLines } from '../words/escape-control.ts'

/** The folder of libxl's logs (XEN_LOG_DIR). */
const LOG_FOLDER = '/var/log/xen'
/** How many lines of its end are shown. */
const LAST_LINES = 12

/** The log that libxl gives the device model of a guest (libxl_dm.c, libxl__create_qemu_logfile). */
export const qemuLogOf = (name: string): string | null =>
  /^[\w.+-]{1,200}$/.test(name) ? `${LOG_FOLDER}/qemu-dm-${name}.log` : null

/** The file that a running QEMU logs into, whatever it was renamed to; null when it is none of Xen's logs. */
export async function logOfProcess(pid: number, proc = '/proc', folder = LOG_FOLDER): Promise<string | null> {
  const path = await readlink(`${proc}/${pid}/fd/2`).catch(() => '')
  return path.startsWith(`${folder}/`) && !path.endsWith(' (deleted)') ? path : null
}

/** The last lines of a log, without control characters. Empty for none. */
export async function lastLines(path: string | null, bytes: number): Promise<readonly string[]> {
  if (path === null) return []
  const text = await tail(path, bytes).catch(() => '')
  return plainLines(text)
    .filter((line) => line.trim() !== '')
    .slice(-LAST_LINES)
}

/**
 * Keeps a log below `maxBytes`: of one that has grown beyond, the end stays. QEMU appends (O_APPEND), so what it writes
 * next follows that; what it writes in this moment may be lost.
 */
export async function boundLog(path: string, { maxBytes, keepBytes }: { maxBytes: number; keepBytes: number }) {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size <= maxBytes) return false
  const kept = await tail(path, keepBytes)
  await truncate(path, 0)
  const file = await open(path, 'a')
  try {
    await file.appendFile(`[tetrarch] this log had ${size} bytes and was cut; its end was:\n${kept}\n`)
  } finally {
    await file.close()
  }
  return true
}

async function tail(path: string, bytes: number): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const length = Math.min(size, bytes)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length)
    return buffer.subarray(0, bytesRead).toString('utf8')
  } finally {
    await file.close()
  }
}
