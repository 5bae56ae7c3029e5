import { describe, expect, test } from 'vitest'
import { Budget, isRefusal } from '../../../src/pygrub/disk-fault.ts'
import { bufferSource, readBytes } from '../../../src/pygrub/disk/source.ts'
import { BannerSearch } from '../../../src/pygrub/kernel/banner.ts'
import { fullFacts, readKernel } from '../../../src/pygrub/kernel/kernel.ts'
import { compressed } from '../fixtures/compressed.ts'
import { bzImage, elfKernel, notes, version } from '../fixtures/kernels.ts'

const limits = { maxFileBytes: 1 << 20, maxBytes: 1 << 20 }
const budget = () => new Budget({ bytes: 1e9, entries: 1e6, steps: 1e6 })
const read = (file: Buffer, maxBytes = limits.maxBytes) =>
  readKernel(bufferSource(file), { ...limits, maxBytes }, budget())

const packed = (name: keyof typeof compressed): Buffer => {
  const payload = Buffer.from(compressed[name], 'base64')
  return bzImage(payload, name === 'gzip' ? null : elfKernel().length)
}

describe.each(Object.keys(compressed) as (keyof typeof compressed)[])('a bzImage packed with %s', (name) => {
  test('gives back the ELF file and its facts', () => {
    const kernel = read(packed(name))
    if (isRefusal(kernel)) throw new Error(kernel.refused)
    expect(readBytes(kernel.elf, 0, kernel.elf.size).equals(elfKernel())).toBe(true)
    expect(kernel.facts).toMatchObject({ container: 'bzImage', compression: name, version, canPv: true, canPvh: true })
  })

  test('that unpacks to more than is allowed is refused', () => {
    expect(read(packed(name), 2000)).toMatchObject({ refused: expect.stringContaining('payload') as string })
  })

  test('is refused or read, and never crashes, wherever it is cut or damaged', () => {
    const whole = Buffer.from(compressed[name], 'base64')
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ 0x55
      read(bzImage(damaged, elfKernel().length))
      read(bzImage(whole.subarray(0, at), elfKernel().length))
    }
  })
})

test.each([
  ['both entries', [notes.entry, notes.physicalEntry32, notes.linux], { canPv: true, canPvh: true, guestOs: 'linux' }],
  ['the PV entry alone', [notes.entry], { canPv: true, canPvh: false, guestOs: null }],
  ['the PVH entry alone', [notes.physicalEntry32], { canPv: false, canPvh: true }],
  ['no note', [], { canPv: false, canPvh: false, features: [] }],
  ['features', [notes.features], { features: ['!writable_page_tables', 'pae_pgdir_above_4gb'] }],
])('an ELF kernel with %s says so', (_, kernelNotes, facts) => {
  const kernel = read(elfKernel(kernelNotes))
  if (isRefusal(kernel)) throw new Error(kernel.refused)
  expect(fullFacts(kernel)).toMatchObject({ container: 'elf', compression: 'none', version, ...facts })
})

test("a kernel's banner is found across the border of two pieces", () => {
  const bytes = elfKernel()
  const middle = bytes.indexOf(version) + 3
  const banner = new BannerSearch()
  banner.look(bytes.subarray(0, middle))
  banner.look(bytes.subarray(middle))
  expect(banner.version).toBe(version)
})

test.each([
  ['an empty file', Buffer.alloc(0), 'too short'],
  ['a text', Buffer.from('hello '.repeat(1000)), 'neither a bzImage nor an ELF file'],
  ['an ELF file for ARM', Buffer.from(elfKernel().fill(183, 18, 19)), 'another processor'],
  ['a bzImage whose payload lies outside it', bzImage(Buffer.alloc(8), null).subarray(0, 1030), 'past the end'],
  ['a bzImage with an unknown payload', bzImage(Buffer.alloc(64, 7), 4096), 'not known'],
])('%s is refused with a reason', (_, file, reason) => {
  expect(read(file)).toMatchObject({ refused: expect.stringContaining(reason) as string })
})
