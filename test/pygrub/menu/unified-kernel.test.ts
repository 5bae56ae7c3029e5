import { expect, test } from 'vitest'
import { Budget, isRefusal } from '../../../src/pygrub/disk-fault.ts'
import { bufferSource, readBytes } from '../../../src/pygrub/disk/source.ts'
import { readKernel } from '../../../src/pygrub/kernel/kernel.ts'
import type { GuestFile } from '../../../src/pygrub/menu/menu.ts'
import { readUnifiedKernel } from '../../../src/pygrub/menu/unified-kernel.ts'
import { kernel } from '../fixtures/debian.ts'
import { version } from '../fixtures/kernels.ts'
import { memoryVolume } from './memory-guest.ts'

/** A PE file with sections, as ukify(1) and objcopy(1) lay them out. */
function peFile(sections: Readonly<Record<string, Buffer | string>>): Buffer {
  const alignment = 512
  const header = Buffer.alloc(2 * alignment)
  header.write('MZ')
  header.writeUInt32LE(64, 60)
  header.write('PE\0\0', 64)
  header.writeUInt16LE(Object.keys(sections).length, 64 + 6)
  header.writeUInt16LE(112, 64 + 20)
  const parts = [header]
  let at = header.length
  Object.entries(sections).forEach(([name, content], index) => {
    const bytes = Buffer.from(content)
    const padded = Buffer.concat([bytes, Buffer.alloc((alignment - (bytes.length % alignment)) % alignment)])
    const row = 64 + 24 + 112 + index * 40
    header.write(name, row)
    header.writeUInt32LE(bytes.length, row + 8)
    header.writeUInt32LE(padded.length, row + 16)
    header.writeUInt32LE(at, row + 20)
    parts.push(padded)
    at += padded.length
  })
  return Buffer.concat(parts)
}

function file(bytes: Buffer): GuestFile {
  const source = bufferSource(bytes)
  const node = {
    kind: 'file',
    size: bytes.length,
    fingerprint: 'x',
    open: () => source,
    entries: () => [],
    target: () => '',
  } as const
  return { volume: memoryVolume('gpt1', {}), path: '/EFI/Linux/a.efi', node }
}

test('kernel, ramdisk, command line, version and name come from the sections', () => {
  const release = 'NAME=Test\nID=test\nPRETTY_NAME="Test Linux 1"\nVERSION_ID=1\n'
  const image = peFile({
    '.osrel': release,
    '.cmdline': 'root=x  quiet\n\0',
    '.uname': '6.1.0',
    '.linux': kernel,
    '.initrd': 'ramdisk',
  })
  const unified = readUnifiedKernel(file(image))
  if (isRefusal(unified)) throw new Error(unified.refused)
  expect(unified).toMatchObject({ version: '6.1.0', boot: { cmdline: 'root=x quiet' } })
  expect(unified.release.get('PRETTY_NAME')).toBe('Test Linux 1')
  const [ramdisk] = unified.boot.ramdisks
  expect(readBytes(ramdisk!.node.open(), 0, ramdisk!.node.size).toString()).toBe('ramdisk')
  const budget = new Budget({ bytes: 1e9, entries: 1e6, steps: 1 })
  const read = readKernel(unified.boot.kernel.node.open(), { maxFileBytes: 1e7, maxBytes: 1e7 }, budget)
  expect(read).toMatchObject({ facts: { version, canPvh: true } })
})

test.each([
  ['no PE file', Buffer.alloc(4096), 'no PE file'],
  ['a PE file without a kernel', peFile({ '.text': 'x' }), 'no unified kernel image'],
  ['a section outside the file', peFile({ '.linux': kernel }).subarray(0, 2000), 'past the end'],
])('%s is refused', (_, bytes, reason) => {
  expect(readUnifiedKernel(file(bytes))).toMatchObject({ refused: expect.stringContaining(reason) as string })
})
