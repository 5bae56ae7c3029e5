import { expect, test } from 'vitest'
import { HEADER_BYTES, formatOfImage } from '../../src/daemon/xen/image-header.ts'

const sector = (at: number, magic: string): Uint8Array => {
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes.write(magic, at, 'latin1')
  return bytes
}

test.each([
  ['qcow2', 0, 'QFI\xfb\0\0\0\x03'],
  ['qcow2', 0, 'QFI\xfb\0\0\0\x02'],
  ['qcow', 0, 'QFI\xfb\0\0\0\x01'],
  ['qed', 0, 'QED\0'],
  ['vmdk', 0, 'KDMV'],
  ['vhdx', 0, 'vhdxfile'],
  ['vdi', 0x40, '\x7f\x10\xda\xbe'],
  ['vhd', 0, 'conectix'],
  ['raw', 0, '\xeb\x63\x90'],
])('%s is known by its own bytes', (format, at, magic) => {
  expect(formatOfImage(sector(at, magic), null)).toBe(format)
})

test('a VHD of fixed size is known by its last sector, and an empty file is raw', () => {
  expect(formatOfImage(sector(0, 'x'), sector(0, 'conectix'))).toBe('vhd')
  expect(formatOfImage(new Uint8Array(), null)).toBe('raw')
  const differencing = sector(0, 'conectix')
  differencing[63] = 4
  expect(formatOfImage(sector(0, 'x'), differencing)).toBe('differencing vhd')
})
