/** The backing file that a qcow2 image names. Layout: QEMU docs/interop/qcow2.txt, "Header extensions". */
import { entryOf } from '../../words/entry-of.ts'
import { DiskFault } from '../disk-fault.ts'
import type { DiskFormat } from '../types.ts'
import { type FindParent, plainPath } from './parent-name.ts'
import { part, raw, struct, u32be, u64be } from './reader.ts'

const HEADER = { magic: raw(0, 4), version: u32be(4), nameAt: u64be(8), nameBytes: u32be(16) }
const HEADER_BYTES = 20
const VERSION_3 = { headerBytes: u32be(100) }
const MAGIC = '514649fb'
/** The first of a version 2 image's extensions. */
const VERSION_2_BYTES = 72
const EXTENSION = { type: u32be(0), length: u32be(4) }
const BACKING_FORMAT = 0xe2792aca
const MAX_NAME = 1023
/** QEMU writes extensions and name at once behind the header. */
const HEAD_BYTES = 64 * 1024

/** QEMU's names. Others it has are not read. */
const formats: Readonly<Record<string, DiskFormat>> = { raw: 'raw', qcow2: 'qcow2', vpc: 'vhd' }

export const qcow2Parent: FindParent = async (read, size) => {
  const head = await read(0, Math.min(size, HEAD_BYTES))
  if (head.length < HEADER_BYTES) return null
  const { magic, version, nameAt, nameBytes } = struct(head, 0, HEADER)
  if (magic.toString('hex') !== MAGIC || nameAt === 0) return null
  if (nameBytes > MAX_NAME || nameAt + nameBytes > head.length) {
    throw new DiskFault('names a backing file in a place where it is not looked for')
  }
  const path = plainPath(part(head, nameAt, nameBytes).toString('utf8'))
  const firstAt = version === 2 ? VERSION_2_BYTES : struct(head, 0, VERSION_3).headerBytes
  return { path, format: formatOf(head, firstAt, path), id: null }
}

/** A guess would let a guest, whose bytes begin the raw image below, say what it is. */
function formatOf(head: Buffer, firstAt: number, path: string): DiskFormat {
  const name = backingFormat(head, firstAt)
  if (name === null)
    throw new DiskFault(`does not say in which format its backing file is: qemu-img rebase -u -F FORMAT -b ${path}`)
  const format = entryOf(formats, name)
  if (format === undefined) throw new DiskFault(`has a backing file of the format "${name}", which is not read`)
  return format
}

function backingFormat(head: Buffer, firstAt: number): string | null {
  // Each step is eight bytes or more, within a head that is bounded.
  for (let at = firstAt; at + 8 <= head.length;) {
    const { type, length } = struct(head, at, EXTENSION)
    if (type === 0) return null
    if (type === BACKING_FORMAT) return part(head, at + 8, length).toString('latin1')
    at += 8 + Math.ceil(length / 8) * 8
  }
  return null
}
