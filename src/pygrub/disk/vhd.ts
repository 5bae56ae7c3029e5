/**
 * VHD images, fixed, dynamic and differencing, as a flat disk. Layout: Microsoft Virtual Hard Disk Image Format
 * Specification 1.0. The parent of a differencing image is opened by the toolstack (open-image.ts).
 */
import { attempt, type Budget, DiskFault, type Refusal, refuse } from '../disk-fault.ts'
import { structAt, text, u32be, u64be } from './reader.ts'
import { readBytes, readOrZeros, slice, type Source, type Use } from './source.ts'

export const VHD_SECTOR = 512
const SECTOR = VHD_SECTOR
const FOOTER = { cookie: text(0, 8), size: u64be(48), type: u32be(60) }
/** All ones in a fixed image, which has no such header. */
const DYNAMIC_AT = { value: u64be(16) }
const DYNAMIC = { cookie: text(0, 8), tableAt: u64be(16), blocks: u32be(28), blockBytes: u32be(32) }
export const DIFFERENCING = 4
const TYPE = { fixed: 2, dynamic: 3 }
const UNUSED = 0xffffffff
const MAX_TABLE_BYTES = 64 * 1024 * 1024

export function openVhd(file: Source, budget: Budget, parent: Source | null = null): Source | Refusal {
  return attempt(() => {
    if (file.size < SECTOR) return refuse('no VHD image: too small')
    const footer = structAt(file, file.size - SECTOR, FOOTER)
    if (footer.cookie !== 'conectix') return refuse('no VHD image: no footer')
    if (footer.type === TYPE.fixed) return slice(file, 0, Math.min(footer.size, file.size - SECTOR))
    const isDifferencing = footer.type === DIFFERENCING
    if (isDifferencing && parent === null) return refuse('the VHD image has a parent, which is missing')
    if (footer.type !== TYPE.dynamic && !isDifferencing) return refuse(`VHD of type ${footer.type}, which is not read`)
    const header = structAt(file, structAt(file, file.size - SECTOR, DYNAMIC_AT).value, DYNAMIC)
    const { blockBytes, blocks } = header
    const isSane =
      header.cookie === 'cxsparse' && blockBytes >= SECTOR && blockBytes % SECTOR === 0 && blocks * 4 <= MAX_TABLE_BYTES
    if (!isSane) return refuse('a damaged VHD image')
    budget.spend('entries', blocks)
    const table = readBytes(file, header.tableAt, blocks * 4)
    return blocksOf(file, table, { size: footer.size, blockBytes, parent: isDifferencing ? parent : null })
  })
}

interface Shape {
  readonly size: number
  readonly blockBytes: number
  /** Null for an image that stands alone. */
  readonly parent: Source | null
}

function blocksOf(file: Source, table: Buffer, { size, blockBytes, parent }: Shape): Source {
  /** Each block begins with a bit for each of its sectors, in whole sectors. */
  const bitmapBytes = Math.ceil(blockBytes / SECTOR / 8 / SECTOR) * SECTOR
  return {
    size,
    readInto(target, position, use) {
      if (position < 0 || position + target.length > size) throw new DiskFault('a read goes past the end of the disk')
      for (let done = 0; done < target.length;) {
        const at = position + done
        const index = Math.floor(at / blockBytes)
        const inBlock = at % blockBytes
        const count = Math.min(target.length - done, blockBytes - inBlock)
        if ((index + 1) * 4 > table.length) throw new DiskFault('a VHD table that is too short')
        const sector = table.readUInt32BE(index * 4)
        const piece = target.subarray(done, done + count)
        // Sectors that were never written are zeros in the file as well, so without a parent the bits need not be asked.
        if (sector === UNUSED) readOrZeros(parent, piece, at, use)
        else if (parent !== null)
          readSectors({ file, parent, block: sector * SECTOR, bitmapBytes, inBlock, at }, piece, use)
        else file.readInto(piece, sector * SECTOR + bitmapBytes + inBlock, use)
        done += count
      }
    },
  }
}

interface Sectors {
  readonly file: Source
  readonly parent: Source
  /** Where the block begins in the file, with its bits. */
  readonly block: number
  readonly bitmapBytes: number
  readonly inBlock: number
  /** The same place on the disk. */
  readonly at: number
}

/** Fills `target` with sectors of the image where its bits say so, of the parent elsewhere, in runs as long as may be. */
function readSectors(from: Sectors, target: Uint8Array, use: Use | undefined): void {
  const { file, parent, block, bitmapBytes, inBlock, at } = from
  const bits = readBytes(file, block, bitmapBytes)
  const isOwn = (sector: number): boolean => ((bits[sector >> 3] ?? 0) & (0x80 >> (sector & 7))) !== 0
  for (let done = 0; done < target.length;) {
    const first = Math.floor((inBlock + done) / SECTOR)
    const own = isOwn(first)
    let next = first + 1
    while (next * SECTOR < inBlock + target.length && isOwn(next) === own) next++
    const run = target.subarray(done, Math.min(next * SECTOR - inBlock, target.length))
    if (own) file.readInto(run, block + bitmapBytes + inBlock + done, use)
    else readOrZeros(parent, run, at + done, use)
    done += run.length
  }
}
