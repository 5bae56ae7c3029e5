import { type Budget, DiskFault } from '../disk-fault.ts'
import { part, struct, u16le, u32le, u64le, u8 } from '../disk/reader.ts'
import { readBytes, type Source } from '../disk/source.ts'

/** A key orders everything in a tree. Object ids and offsets use all 64 bits. */
export interface BtrfsKey {
  readonly objectId: bigint
  readonly type: number
  readonly offset: bigint
}

export interface BtrfsItem extends BtrfsKey {
  readonly value: Buffer
}

export const KEY_TYPE = {
  inode: 1,
  directoryItem: 84,
  directoryIndex: 96,
  extentData: 108,
  root: 132,
  chunk: 228,
} as const
export const MAX_U64 = 2n ** 64n - 1n

const KEY_BYTES = 17
const NODE = { bytenr: u64le(0x30), items: u32le(0x60), level: u8(0x64) }
const NODE_HEADER_BYTES = 101
const CHUNK = { length: u64le(0), type: u64le(24), stripes: u16le(44) }
const CHUNK_BYTES = 48
const STRIPE = { deviceId: u64le(0), offset: u64le(8) }
const STRIPE_BYTES = 32
/** Block group types that spread data over devices in ways one device cannot undo: RAID0, RAID10, RAID5, RAID6. */
const STRIPED = 0x8 | 0x40 | 0x80 | 0x100
const MAX_LEVEL = 8
const MAX_CHUNKS = 100_000
/** Tree blocks that stay in memory. */
const KEPT_NODES = 128

export function readKey(bytes: Buffer, at: number): BtrfsKey {
  const key = part(bytes, at, KEY_BYTES)
  return { objectId: key.readBigUInt64LE(0), type: key.readUInt8(8), offset: key.readBigUInt64LE(9) }
}

function compareKeys(left: BtrfsKey, right: BtrfsKey): number {
  if (left.objectId !== right.objectId) return left.objectId < right.objectId ? -1 : 1
  if (left.type !== right.type) return left.type - right.type
  if (left.offset === right.offset) return 0
  return left.offset < right.offset ? -1 : 1
}

interface Chunk {
  readonly logical: number
  readonly length: number
  readonly physical: number
}

interface Shape {
  readonly nodeSize: number
  readonly sectorSize: number
  readonly deviceId: number
  /** Logical address of the tree of trees. */
  readonly root: number
}

/** The trees of a filesystem, and the map from its logical addresses to bytes of the device. */
export class BtrfsTrees {
  readonly medium: Source
  readonly budget: Budget
  readonly shape: Shape
  readonly #chunks: Chunk[] = []
  readonly #nodes = new Map<number, Buffer>()

  constructor(medium: Source, budget: Budget, shape: Shape) {
    this.medium = medium
    this.budget = budget
    this.shape = shape
  }

  /** The chunks that the superblock itself lists, with which the tree of all chunks is found. */
  addSystemChunks(bytes: Buffer): void {
    for (let at = 0; at + KEY_BYTES + CHUNK_BYTES <= bytes.length;) {
      const key = readKey(bytes, at)
      const stripes = struct(bytes, at + KEY_BYTES, CHUNK).stripes
      const length = CHUNK_BYTES + stripes * STRIPE_BYTES
      this.#addChunk(key, part(bytes, at + KEY_BYTES, length))
      at += KEY_BYTES + length
    }
  }

  addChunks(root: number): void {
    const all = { objectId: 0n, type: 0, offset: 0n }
    for (const item of this.items(root, all, { objectId: MAX_U64, type: 255, offset: MAX_U64 })) {
      if (item.type === KEY_TYPE.chunk) this.#addChunk(item, item.value)
    }
    this.#chunks.sort((left, right) => left.logical - right.logical)
  }

  #addChunk(key: BtrfsKey, value: Buffer): void {
    if (this.#chunks.length >= MAX_CHUNKS) throw new DiskFault('btrfs with too many chunks')
    const chunk = struct(value, 0, CHUNK)
    for (let index = 0; index < chunk.stripes; index++) {
      const stripe = struct(value, CHUNK_BYTES + index * STRIPE_BYTES, STRIPE)
      if (stripe.deviceId !== this.shape.deviceId || (chunk.type & STRIPED) !== 0) continue
      this.#chunks.push({ logical: Number(key.offset), length: chunk.length, physical: stripe.offset })
      return
    }
  }

  /** Bytes of the device for a logical address. Throws DiskFault where they are on another device. */
  physical(logical: number, length: number): number {
    const chunk = this.#chunks.find((each) => logical >= each.logical && logical + length <= each.logical + each.length)
    if (chunk === undefined) throw new DiskFault('btrfs data that is not on this device')
    return chunk.physical + (logical - chunk.logical)
  }

  #node(logical: number): Buffer {
    const known = this.#nodes.get(logical)
    if (known !== undefined) return known
    const { nodeSize } = this.shape
    const bytes = readBytes(this.medium, this.physical(logical, nodeSize), nodeSize)
    if (struct(bytes, 0, NODE).bytenr !== logical) throw new DiskFault('a btrfs tree block that is another one')
    const [oldest] = this.#nodes.keys()
    if (this.#nodes.size >= KEPT_NODES && oldest !== undefined) this.#nodes.delete(oldest)
    this.#nodes.set(logical, bytes)
    return bytes
  }

  /** The items of a tree between two keys, both included, in order. */
  *items(root: number, from: BtrfsKey, to: BtrfsKey, levelBelow = MAX_LEVEL + 1): Generator<BtrfsItem> {
    const node = this.#node(root)
    const { items, level } = struct(node, 0, NODE)
    if (level >= levelBelow) throw new DiskFault('a btrfs tree that does not get lower')
    if (level > 0) {
      yield* this.#children(node, items, { from, to, level })
      return
    }
    for (let index = 0; index < items; index++) {
      this.budget.spend('entries')
      const at = NODE_HEADER_BYTES + index * 25
      const key = readKey(node, at)
      if (compareKeys(key, from) < 0) continue
      if (compareKeys(key, to) > 0) return
      const place = part(node, at + KEY_BYTES, 8)
      yield { ...key, value: part(node, NODE_HEADER_BYTES + place.readUInt32LE(0), place.readUInt32LE(4)) }
    }
  }

  *#children(
    node: Buffer,
    count: number,
    range: { readonly from: BtrfsKey; readonly to: BtrfsKey; readonly level: number },
  ): Generator<BtrfsItem> {
    const at = (index: number): number => NODE_HEADER_BYTES + index * 33
    for (let index = 0; index < count; index++) {
      this.budget.spend('entries')
      if (compareKeys(readKey(node, at(index)), range.to) > 0) return
      // All keys of this child come before the next one's first key.
      if (index + 1 < count && compareKeys(readKey(node, at(index + 1)), range.from) <= 0) continue
      const child = struct(node, at(index) + KEY_BYTES, { logical: u64le(0) }).logical
      yield* this.items(child, range.from, range.to, range.level)
    }
  }

  /** The first item with exactly this key, whatever its offset if none is given. */
  find(root: number, objectId: bigint, type: number, offset: bigint | null = null): BtrfsItem | null {
    const from = { objectId, type, offset: offset ?? 0n }
    for (const item of this.items(root, from, { objectId, type, offset: offset ?? MAX_U64 })) return item
    return null
  }
}
