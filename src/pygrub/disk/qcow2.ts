/**
 * qcow2 images, version 2 and 3, with zlib and zstd clusters, as a flat disk. Layout: QEMU docs/interop/qcow2.txt.
 * The image below it, its backing file, is opened by the toolstack (open-image.ts); what no image of the chain has is zeros.
 */
import { constants, inflateRawSync } from 'node:zlib'
import { attempt, type Budget, DiskFault, type Refusal, refuse } from '../disk-fault.ts'
import { raw, structAt, u32be, u64be, u8 } from './reader.ts'
import { readBytes, readOrZeros, type Source, type Use } from './source.ts'
import { unzstdFrame } from './zstd-frame.ts'

const HEADER = {
  magic: raw(0, 4),
  version: u32be(4),
  backingOffset: u64be(8),
  clusterBits: u32be(20),
  size: u64be(24),
  encryption: u32be(32),
  l1Entries: u32be(36),
  l1At: u64be(40),
}
/** What version 3 adds. */
const HEADER_3 = { incompatible: u64be(72), headerBytes: u32be(100) }
const COMPRESSION = { type: u8(104) }
const MAGIC = '514649fb'
const INCOMPATIBLE = { dirty: 1, corrupt: 2, dataFile: 4, compression: 8, extendedL2: 16 }
const MAX_L1_BYTES = 32 * 1024 * 1024
const KEPT_TABLES = 64
/** Unpacked clusters that are kept, since a walk over structures goes to and fro between a few. In bytes. */
const KEPT_UNPACKED = 4 * 1024 * 1024

const OFFSET_MASK = 0x00ff_ffff_ffff_fe00n
const COMPRESSED = 1n << 62n
const ZERO = 1n

/** Opens an image. `file` is the whole file, `parent` the disk below; the result has the size that the guest sees. */
export function openQcow2(file: Source, budget: Budget, parent: Source | null = null): Source | Refusal {
  return attempt(() => {
    if (file.size < 112) return refuse('no qcow2 image: too small')
    const header = structAt(file, 0, HEADER)
    if (header.magic.toString('hex') !== MAGIC) return refuse('no qcow2 image: its magic number is missing')
    const { version, clusterBits } = header
    if (version !== 2 && version !== 3) return refuse(`qcow2 of version ${version}, which is not read`)
    const third = version === 3 ? structAt(file, 0, HEADER_3) : { incompatible: 0, headerBytes: 72 }
    if (header.backingOffset !== 0 && parent === null)
      return refuse('the qcow2 image has a backing file, which is missing')
    if (header.encryption !== 0) return refuse('the qcow2 image is encrypted')
    if ((third.incompatible & INCOMPATIBLE.dataFile) !== 0)
      return refuse('the qcow2 image keeps its data in another file')
    if ((third.incompatible & INCOMPATIBLE.extendedL2) !== 0) return refuse('qcow2 with subclusters is not read')
    if (third.incompatible >= 2 * INCOMPATIBLE.extendedL2) return refuse('qcow2 with a feature that is not read')
    if (clusterBits < 9 || clusterBits > 21) return refuse('qcow2 with impossible clusters')
    const hasType = (third.incompatible & INCOMPATIBLE.compression) !== 0 && third.headerBytes > 104
    const compression = hasType ? structAt(file, 0, COMPRESSION).type : 0
    if (compression > 1) return refuse('qcow2 with a compression that is not read')
    if (header.l1Entries * 8 > MAX_L1_BYTES) return refuse('qcow2 with an impossible table')
    const l1 = readBytes(file, header.l1At, header.l1Entries * 8)
    return clusters({
      file,
      parent,
      budget,
      l1,
      clusterBits,
      size: header.size,
      codec: compression === 0 ? inflate : unzstdFrame,
    })
  })
}

interface Image {
  readonly file: Source
  readonly parent: Source | null
  readonly budget: Budget
  readonly l1: Buffer
  readonly clusterBits: number
  readonly size: number
  codec(input: Buffer, clusterBytes: number): Buffer
}

/** The stored length is rounded up to sectors, so what follows the stream is ignored. Throws DiskFault. */
function inflate(input: Buffer, clusterBytes: number): Buffer {
  try {
    return inflateRawSync(input, { maxOutputLength: clusterBytes, finishFlush: constants.Z_SYNC_FLUSH })
  } catch (thrown) {
    throw new DiskFault(`a damaged qcow2 cluster: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }
}

/** Where a compressed cluster lies: an offset to the byte, and a length in sectors. */
function compressedPlace(entry: bigint, clusterBits: number): { at: number; length: number } {
  const offsetBits = BigInt(62 - (clusterBits - 8))
  const at = Number(entry & ((1n << offsetBits) - 1n))
  const sectors = Number((entry & (COMPRESSED - 1n)) >> offsetBits) + 1
  return { at, length: sectors * 512 - (at % 512) }
}

function clusters({ file, parent, budget, l1, clusterBits, size, codec }: Image): Source {
  const clusterBytes = 2 ** clusterBits
  const l2Entries = clusterBytes / 8
  const tables = new Map<number, Buffer>()
  const table = (at: number): Buffer => {
    const known = tables.get(at)
    if (known !== undefined) return known
    budget.spend('entries', l2Entries)
    const [oldest] = tables.keys()
    if (tables.size >= KEPT_TABLES && oldest !== undefined) tables.delete(oldest)
    const bytes = readBytes(file, at, clusterBytes)
    tables.set(at, bytes)
    return bytes
  }
  const entryOf = (cluster: number): bigint => {
    const index = Math.floor(cluster / l2Entries)
    if ((index + 1) * 8 > l1.length) throw new DiskFault('a qcow2 table that is too short')
    const at = Number(l1.readBigUInt64BE(index * 8) & OFFSET_MASK)
    return at === 0 ? 0n : table(at).readBigUInt64BE((cluster % l2Entries) * 8)
  }
  const unpack = unpacker({ file, budget, clusterBits, codec })
  return {
    size,
    readInto(target, position, use) {
      if (position < 0 || position + target.length > size) throw new DiskFault('a read goes past the end of the disk')
      for (let done = 0; done < target.length;) {
        const at = position + done
        const inCluster = at % clusterBytes
        const count = Math.min(target.length - done, clusterBytes - inCluster)
        const entry = entryOf(Math.floor(at / clusterBytes))
        const piece = target.subarray(done, done + count)
        if ((entry & COMPRESSED) !== 0n) piece.set(unpack(entry, use).subarray(inCluster, inCluster + count))
        else if ((entry & ZERO) !== 0n) piece.fill(0)
        else if ((entry & OFFSET_MASK) === 0n) readOrZeros(parent, piece, at, use)
        else file.readInto(piece, Number(entry & OFFSET_MASK) + inCluster, use)
        done += count
      }
    },
  }
}

type Packed = Pick<Image, 'file' | 'budget' | 'clusterBits' | 'codec'>

/** Unpacks the cluster of an entry, or finds it among those that are kept. */
function unpacker({ file, budget, clusterBits, codec }: Packed): (entry: bigint, use: Use | undefined) => Buffer {
  const clusterBytes = 2 ** clusterBits
  const most = Math.max(1, KEPT_UNPACKED / clusterBytes)
  const kept = new Map<bigint, { readonly bytes: Buffer; readonly use: Use | undefined }>()
  return (entry, use) => {
    const known = kept.get(entry)
    // What was read because it boots has no witness yet that it decides.
    if (known !== undefined && (known.use !== 'boots' || use === 'boots')) return known.bytes
    const { at, length } = compressedPlace(entry, clusterBits)
    budget.spend('bytes', clusterBytes)
    const bytes = codec(readBytes(file, at, Math.min(length, file.size - at), use), clusterBytes)
    if (bytes.length !== clusterBytes) throw new DiskFault('a qcow2 cluster that is too short')
    const [oldest] = kept.keys()
    if (kept.size >= most && oldest !== undefined) kept.delete(oldest)
    kept.set(entry, { bytes, use })
    return bytes
  }
}
