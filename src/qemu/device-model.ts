/**
 * Which QEMU process serves a domain, as it really is. xenstore names a pid, which may be long gone and taken by
 * another process; only one whose own command line says that it serves this very domain is believed.
 */
import { readFile } from 'node:fs/promises'
import type { Domid } from '../words/ids.ts'
import type { Operations } from '../xenstore/operations.ts'
import { deviceModelPid, qdiskBackendPid } from '../xenstore/paths.ts'

export interface ProcessUsage {
  /** Resident memory in KiB (VmRSS, proc(5)). */
  readonly residentKiB: number
  /** The same, with each page that others use too counted in part (PSS, proc(5), smaps_rollup). */
  readonly proportionalKiB: number
  /** CPU time of all its threads since it began, in seconds. */
  readonly cpuSeconds: number
}

/** USER_HZ: the unit of CPU times in /proc, 100 on every Linux that Xen's dom0 runs on (proc(5), sysconf(_SC_CLK_TCK)). */
const TICKS_PER_SECOND = 100
const PID = /^[1-9]\d{0,9}$/
/** A dump of QEMU's memory may hold guest data, its command line does not grow past this. */
const CMDLINE_MAX_BYTES = 128 * 1024

/**
 * The pid of the QEMU that serves this domain, as device model or for PV backends alone; null when there is none.
 * Rejects with `xenstore-failed` when xenstored does not answer.
 * @param proc where procfs is mounted
 */
export async function deviceModelPidOf(xenstore: Operations, domid: Domid, proc = '/proc'): Promise<number | null> {
  return (await findDeviceModel(xenstore, domid, proc)).pid
}

/** The same, and in `lost` the pid that xenstore names when no such process serves the domain. */
export async function findDeviceModel(
  xenstore: Operations,
  domid: Domid,
  proc = '/proc',
): Promise<{ readonly pid: number | null; readonly lost: number | null }> {
  const named = await Promise.all(
    [deviceModelPid(domid), qdiskBackendPid(domid)].map((path) => xenstore.readText(path)),
  )
  const pids = named.filter((text) => text !== null && PID.test(text)).map(Number)
  for (const pid of pids) if (await servesDomain(pid, domid, proc)) return { pid, lost: null }
  return { pid: null, lost: pids[0] ?? null }
}

/** What a process uses now; null when it has gone. */
export async function processUsage(pid: number, proc = '/proc'): Promise<ProcessUsage | null> {
  const [status, stat, rollup] = await Promise.all(
    ['status', 'stat', 'smaps_rollup'].map((file) => readOrNull(`${proc}/${pid}/${file}`)),
  )
  if (typeof status !== 'string' || typeof stat !== 'string') return null
  // The name in parentheses may hold blanks and parentheses: count from the last one. utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  // A process that ended and waits for its parent has no memory any more.
  const resident = Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? '0')
  const proportional = /^Pss:\s*(\d+) kB$/m.exec(rollup ?? '')?.[1]
  return {
    residentKiB: resident,
    proportionalKiB: proportional === undefined ? resident : Number(proportional),
    cpuSeconds: ticks / TICKS_PER_SECOND,
  }
}

/** libxl starts every QEMU with `-xen-domid N` (libxl_dm.c, libxl__build_device_model_args_new and libxl__spawn_qdisk_backend). */
export async function servesDomain(pid: number, domid: Domid, proc: string): Promise<boolean> {
  const commandLine = await readOrNull(`${proc}/${pid}/cmdline`)
  if (commandLine === null || commandLine.length > CMDLINE_MAX_BYTES) return false
  const words = commandLine.split('\0')
  const option = words.indexOf('-xen-domid')
  return option > 0 && words[option + 1] === String(domid)
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'latin1')
  } catch {
    return null
  }
}
