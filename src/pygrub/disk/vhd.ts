/**
 * VHD images, fixed and dynamic, as a flat disk. Layout: Microsoft Virtual Hard Disk Image Format Specification 1.0.
 * A differencing image is refused: the name of its parent was written by whoever wrote the image.
 */
import { attempt, type Budget, DiskFault, type Refusal, refuse } from '../disk-fault.ts'
import { structAt, text, u32be, u64be } from './reader.ts'
import { readBytes, slice, type Source } from './source.ts'

const SECTOR = 512
const FOOTER = { cookie: text(0, 8), size: u64be(48), type: u32be(60) }
/** All ones in a fixed image, which has no such header. */
const DYNAMIC_AT = { value: u64be(16) }
const DYNAMIC = { cookie: text(0, 8), tableAt: u64be(16), blocks: u32be(28), blockBytes: u32be(32) }
const TYPE = { fixed: 2, dynamic: 3, differencing: 4 }
const UNUSED = 0xffffffff
const MAX_TABLE_BYTES = 64 * 1024 * 1024

export function openVhd(file: Source, budget: Budget): Source | Refusal {
  return attempt(() => {
    if (file.size < SECTOR) return refuse('no VHD image: too small')
    const footer = structAt(file, file.size - SECTOR, FOOTER)
    if (footer.cookie !== 'conectix') return refuse('no VHD image: no footer')
    if (footer.type === TYPE.fixed) return slice(file, 0, Math.min(footer.size, file.size - SECTOR))
    if (footer.type === TYPE.differencing) return refuse('the VHD image has a parent, which is not followed')
    if (footer.type !== TYPE.dynamic) return refuse(`VHD of type ${footer.type}, which is not read`)
    const header = structAt(file, structAt(file, file.size - SECTOR, DYNAMIC_AT).value, DYNAMIC)
    const { blockBytes, blocks } = header
    const isSane =
      header.cookie === 'cxsparse' && blockBytes >= SECTOR && blockBytes % SECTOR === 0 && blocks * 4 <= MAX_TABLE_BYTES
    if (!isSane) return refuse('a damaged VHD image')
    budget.spend('entries', blocks)
    const table = readBytes(file, header.tableAt, blocks * 4)
    return blocksOf(file, table, { size: footer.size, blockBytes })
  })
}

function blocksOf(file: Source, table: Buffer, shape: { readonly size: number; readonly blockBytes: number }): Source {
  const { size, blockBytes } = shape
  /** Each block begins with a bit for each of its sectors, in whole sectors. */
  const bitmapBytes = Math.ceil(blockBytes / SECTOR / 8 / SECTOR) * SECTOR
  return {
    size,
    readInto(target, position) {
      if (position < 0 || position + target.length > size) throw new DiskFault('a read goes past the end of the disk')
      for (let done = 0; done < target.length;) {
        const at = position + done
        const index = Math.floor(at / blockBytes)
        const inBlock = at % blockBytes
        const count = Math.min(target.length - done, blockBytes - inBlock)
        if ((index + 1) * 4 > table.length) throw new DiskFault('a VHD table that is too short')
        const sector = table.readUInt32BE(index * 4)
        const piece = target.subarray(done, done + count)
        // Sectors that were never written are zeros in the file as well, so the bits need not be asked.
        if (sector === UNUSED) piece.fill(0)
        else file.readInto(piece, sector * SECTOR + bitmapBytes + inBlock)
        done += count
      }
    },
  }
}
