/**
 * The formats that disk images show by their own bytes: QEMU docs/interop/qcow2.rst and qed_spec.rst, block/qcow.c,
 * block/vdi.c, block/vmdk.c; Microsoft's "Virtual Hard Disk Image Format Specification" and MS-VHDX.
 */
import { DIFFERENCING_VHD } from '../../config/lint/host-rules.ts'

/** A sector, in which each of them fits. */
export const HEADER_BYTES = 512

const MAGICS: readonly { readonly format: string; readonly at: number; readonly magic: string }[] = [
  { format: 'qed', at: 0, magic: 'QED\0' },
  { format: 'vmdk', at: 0, magic: 'KDMV' },
  { format: 'vmdk', at: 0, magic: 'COWD' },
  { format: 'vhdx', at: 0, magic: 'vhdxfile' },
  { format: 'vdi', at: 0x40, magic: '\x7f\x10\xda\xbe' },
]

const QCOW_MAGIC = 'QFI\xfb'
/** The first bytes of a dynamic VHD, the last sector of every one. */
const VHD_COOKIE = 'conectix'
/** The last byte of its type in that sector, a big-endian number, and the type that has only what differs from its parent. */
const VHD_TYPE = { at: 63, differencing: 4 }

/** The format of an image by its first sector and its last one, `raw` for what shows none. */
export function formatOfImage(first: Uint8Array, last: Uint8Array | null): string {
  const has = (bytes: Uint8Array, at: number, magic: string): boolean =>
    Buffer.from(bytes.subarray(at, at + magic.length)).toString('latin1') === magic
  if (has(first, 0, QCOW_MAGIC)) return first[7] === 1 ? 'qcow' : 'qcow2'
  const footer = [last, first].find((bytes) => bytes !== null && has(bytes, 0, VHD_COOKIE))
  if (footer) return footer[VHD_TYPE.at] === VHD_TYPE.differencing ? DIFFERENCING_VHD : 'vhd'
  return MAGICS.find(({ at, magic }) => has(first, at, magic))?.format ?? 'raw'
}
