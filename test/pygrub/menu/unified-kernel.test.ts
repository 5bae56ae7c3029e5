import { expect, test } from 'vitest'
import { Budget, isRefusal } from '../../../src/pygrub/disk-fault.ts'
import { bufferSource, readBytes } from '../../../src/pygrub/disk/source.ts'
import { readKernel } from '../../../src/pygrub/kernel/kernel.ts'
import type { GuestFile } from '../../../src/pygrub/menu/menu.ts'
import { readUnifiedKernel } from '../../../src/pygrub/menu/unified-kernel.ts'
import { kernel } from '../fixtures/debian.ts'
import { version } from '../fixtures/kernels.ts'
import { peFile } from '../fixtures/pe-file.ts'
import { memoryVolume } from './memory-guest.ts'

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
