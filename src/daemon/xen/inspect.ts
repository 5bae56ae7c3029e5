/** Looks at what a specification names in dom0. What is found is data for the checks, and never an error here. */
import { type FileHandle, access, constants, open, stat } from 'node:fs/promises'
import { DEFAULT_BRIDGE, filesOf } from '../../config/lint/host-rules.ts'
import type { GuestSpec } from '../../config/guest-spec.ts'
import type { Inspection } from '../host.ts'
import { HEADER_BYTES, formatOfImage } from './image-header.ts'
import { isBridge } from './resources.ts'

export async function inspect(spec: GuestSpec): Promise<Inspection> {
  const files = filesOf(spec).map(({ path }) => path)
  const missing = await Promise.all(files.map(async (path) => ((await isReadable(path)) ? [] : [path])))
  const targets = spec.disks.flatMap(({ target, script, backend }) =>
    target !== null && script === undefined && backend === undefined ? [target] : [],
  )
  const headers = await Promise.all(targets.map(async (path) => [path, await readFormat(path)] as const))
  const bridges = [...new Set(spec.nics.flatMap(({ bridge }) => bridge ?? DEFAULT_BRIDGE))]
  return {
    missingFiles: new Set(missing.flat()),
    diskHeaders: new Map(headers.flatMap(([path, format]) => (format === null ? [] : [[path, format]]))),
    bridges: new Set(bridges.filter(isBridge)),
  }
}

const isReadable = (path: string): Promise<boolean> =>
  access(path, constants.R_OK).then(
    () => true,
    () => false,
  )

/** The format that a disk's own bytes show, null for what cannot be looked at: that it is missing is said elsewhere. */
async function readFormat(path: string): Promise<string | null> {
  try {
    const found = await stat(path)
    // A pipe would wait for its other end.
    if (!found.isFile() && !found.isBlockDevice()) return null
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const first = await bytesAt(file, 0)
    const last = found.isFile() && found.size >= HEADER_BYTES ? await bytesAt(file, found.size - HEADER_BYTES) : null
    return formatOfImage(first, last)
  } catch {
    return null
  }
}

async function bytesAt(file: FileHandle, position: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(HEADER_BYTES), 0, HEADER_BYTES, position)
  return buffer.subarray(0, bytesRead)
}
