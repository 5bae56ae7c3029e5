/** What is known not to be readable, told by its signature, so that an error can name it. */
import { attempt, isRefusal } from './disk-fault.ts'
import { readBytes, type Source } from './disk/source.ts'

const KIB = 1024
/** Linux include/uapi/linux/raid/md_p.h: MD_SB_MAGIC, little-endian. */
const MD_MAGIC = '\xfc\x4e\x2b\xa9'

interface Mark {
  /** Bytes from the start; a function of the size for what stands at the end. */
  readonly at: number | ((size: number) => number)
  readonly signature: string
  readonly says: string
}

const raid = 'is a member of a RAID array, which is not supported'
const MARKS: readonly Mark[] = [
  { at: 0, signature: 'LUKS\xba\xbe', says: 'is encrypted with LUKS, which is not supported' },
  { at: 3, signature: 'NTFS    ', says: 'holds NTFS, which is not supported' },
  { at: 4086, signature: 'SWAPSPACE2', says: 'is swap space' },
  { at: 0x10034, signature: 'ReIsEr2Fs', says: 'holds ReiserFS, which is not supported' },
  // Version 1.2, then 1.1, and at the end 1.0 and 0.90 (Linux drivers/md/md.c, super_1_load and MD_NEW_SIZE_SECTORS).
  { at: 4 * KIB, signature: MD_MAGIC, says: raid },
  { at: 0, signature: MD_MAGIC, says: raid },
  { at: (size) => Math.floor((size - 8 * KIB) / (4 * KIB)) * 4 * KIB, signature: MD_MAGIC, says: raid },
  { at: (size) => Math.floor(size / (64 * KIB)) * 64 * KIB - 64 * KIB, signature: MD_MAGIC, says: raid },
  // Linux block/partitions/msdos.c and sun.c.
  { at: 512, signature: '\x57\x45\x56\x82', says: 'has a BSD label, which is not supported' },
  { at: 512 + 12, signature: '\xee\xde\x0d\x60', says: 'has a Solaris label, which is not supported' },
  { at: 508, signature: '\xda\xbe', says: 'has a Sun label, which is not supported' },
]
/** Uberblocks of ZFS are in 1 KiB steps from here (OpenZFS, "On-disk format"). */
const ZFS = { at: 128 * KIB, count: 128, signature: '\x0c\xb1\xba\x00', says: 'holds ZFS, which is not supported' }

/** `is encrypted with LUKS, which is not supported`; null for what is not known either. */
export function foreignContent(source: Source): string | null {
  const has = (at: number, signature: string): boolean => {
    const end = at + signature.length
    if (at < 0 || end > source.size) return false
    const bytes = attempt(() => readBytes(source, at, signature.length))
    return !isRefusal(bytes) && bytes.toString('latin1') === signature
  }
  const place = ({ at }: Mark): number => (typeof at === 'number' ? at : at(source.size))
  const known = MARKS.find((mark) => has(place(mark), mark.signature))
  if (known !== undefined) return known.says
  const uberblocks = Array.from({ length: ZFS.count }, (_, index) => ZFS.at + index * KIB)
  return uberblocks.some((at) => has(at, ZFS.signature)) ? ZFS.says : null
}
