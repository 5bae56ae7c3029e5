/**
 * Ramdisks packed by gzip are unpacked here. libxl would do it otherwise (Xen tools/libs/guest/xg_dom_core.c,
 * xc_dom_build_module): as root, at each start, with bytes that a guest wrote. Linux takes either
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Other packings libxl leaves to the guest, and so do we.
 */
import { gunzipSync } from 'node:zlib'
import { readBytes, type Source } from './disk/source.ts'

const GZIP = '1f8b'
/** Header and trailer of a member (RFC 1952). */
const LEAST_BYTES = 18
/** Larger ones are passed on as they are: they are held in memory, packed and unpacked. */
const MOST_PACKED = 64 * 1024 * 1024
const MOST_UNPACKED = 160 * 1024 * 1024

/**
 * The ramdisk without its packing; null where it has none, or is more or other than one whole member of gzip. Never
 * throws: what cannot be read or held here fails, or does not, when it is copied as it is.
 */
export function inflateRamdisk(ramdisk: Source, limit: number): Buffer | null {
  try {
    const bytes = saidLength(ramdisk)
    if (bytes === null || bytes > Math.min(limit, MOST_UNPACKED)) return null
    const packed = readBytes(ramdisk, 0, ramdisk.size, 'boots')
    const unpacked = gunzipSync(packed, { maxOutputLength: bytes, chunkSize: Math.max(64, bytes + 1) })
    return unpacked.length === bytes ? unpacked : null
  } catch {
    return null
  }
}

/** Whether libxl would take it for gzip. */
export const beginsAsGzip = (ramdisk: Source): boolean =>
  ramdisk.size >= 2 && readBytes(ramdisk, 0, 2, 'boots').toString('hex') === GZIP

/** The unpacked length that the end of a member says; null where there is no member. */
function saidLength(ramdisk: Source): number | null {
  if (ramdisk.size < LEAST_BYTES || ramdisk.size > MOST_PACKED || !beginsAsGzip(ramdisk)) return null
  const bytes = readBytes(ramdisk, ramdisk.size - 4, 4, 'boots').readUInt32LE()
  return bytes === 0 ? null : bytes
}
