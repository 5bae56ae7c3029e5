import { DiskFault } from '../disk-fault.ts'
import { part } from '../disk/reader.ts'
import { decodeLzo1x } from './lzo.ts'
import { type Output } from './output.ts'

const MAGIC = Buffer.from([0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a])
/** Header flags (lzop's conf.h; Linux lib/decompress_unlzo.c reads the same). */
const FLAG = {
  adlerOfData: 0x1,
  adlerOfInput: 0x2,
  extraField: 0x40,
  crcOfData: 0x100,
  crcOfInput: 0x200,
  filter: 0x800,
}

/** Decodes an .lzo file. Throws DiskFault. */
export function decodeLzop(input: Buffer, output: Output): void {
  if (!part(input, 0, MAGIC.length).equals(MAGIC)) throw new DiskFault('no .lzo file')
  let at = MAGIC.length
  const take = (count: number): number => {
    const bytes = part(input, at, count)
    at += count
    return bytes.readUIntBE(0, count)
  }
  const version = take(2)
  take(version >= 0x940 ? 4 : 2)
  take(1)
  if (version >= 0x940) take(1)
  const flags = take(4)
  if ((flags & FLAG.filter) !== 0) take(4)
  at += version >= 0x940 ? 12 : 8
  const nameLength = take(1)
  at += nameLength + 4
  const has = (...names: (keyof typeof FLAG)[]): number => names.filter((name) => (flags & FLAG[name]) !== 0).length * 4
  for (;;) {
    const unpacked = take(4)
    if (unpacked === 0) return
    const packed = take(4)
    at += has('adlerOfData', 'crcOfData')
    if (packed < unpacked) at += has('adlerOfInput', 'crcOfInput')
    const block = part(input, at, packed)
    const end = output.length + unpacked
    if (packed < unpacked) decodeLzo1x(block, output, unpacked)
    else output.append(block)
    if (output.length !== end) throw new DiskFault('an LZO block that is shorter than it says')
    at += packed
  }
}
