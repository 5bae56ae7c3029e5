import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bufferSource } from '../../src/pygrub/disk/source.ts'
import { inflateRamdisk } from '../../src/pygrub/inflate-ramdisk.ts'
import { extractBoot } from '../../src/pygrub/sandbox.ts'
import { kernel } from './fixtures/debian.ts'
import { extImage, temporaryFolder, tool } from './fixtures/images.ts'
import { sandboxOptions } from './fixtures/sandbox-program.ts'
import { pattern } from './fixtures/tree.ts'

const options = sandboxOptions()
const archive = Buffer.concat([Buffer.from('070701'), pattern(100_001)])
const packed = gzipSync(archive)
const inflated = (bytes: Buffer, limit = 1e9) => inflateRamdisk(bufferSource(bytes), limit)

test('a ramdisk packed by gzip is unpacked as gzip does it', () => {
  expect(inflated(packed)?.equals(archive)).toBe(true)
  const path = join(temporaryFolder(), 'ramdisk')
  writeFileSync(path, archive)
  tool('gzip', ['-9', path])
  expect(inflated(readFileSync(`${path}.gz`))?.equals(archive)).toBe(true)
})

/** With the length at its end replaced. */
const saying = (bytes: number): Buffer => {
  const copy = Buffer.from(packed)
  copy.writeUInt32LE(bytes, copy.length - 4)
  return copy
}

test.each([
  ['nothing', Buffer.alloc(0)],
  ['an archive without packing', archive],
  ['the start of a member', packed.subarray(0, 200)],
  ['two members', Buffer.concat([packed, packed])],
  ['a member and another archive', Buffer.concat([packed, archive])],
  ['a member and zeros', Buffer.concat([packed, Buffer.alloc(512)])],
  ['a member that is longer than it says', saying(1000)],
  ['a member that is shorter than it says', saying(200_000)],
  ['a member of 4 GiB, by its word', saying(0xffffffff)],
])('%s is passed on as it is', (_, bytes) => {
  expect(inflated(bytes)).toBeNull()
})

test('one that passes the limit is left to be refused or passed on as it is', () => {
  expect(inflated(packed, archive.length)).not.toBeNull()
  expect(inflated(packed, archive.length - 1)).toBeNull()
})

/** What libxl gets of a guest whose menu names these ramdisks. */
async function written(ramdisks: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const folder = temporaryFolder()
  const boot = join(folder, 'tree/boot')
  for (const path of [boot, join(folder, 'out')]) mkdirSync(path, { recursive: true })
  for (const [name, bytes] of Object.entries({ ...ramdisks, vmlinuz: kernel })) writeFileSync(join(boot, name), bytes)
  writeFileSync(join(boot, 'extlinux.conf'), `label a\nlinux vmlinuz\ninitrd ${Object.keys(ramdisks).join(',')}\n`)
  const disk = extImage(join(folder, 'disk'), join(folder, 'tree'), { mebibytes: 8 })
  const files = await extractBoot({ disk, format: 'raw', outputDirectory: join(folder, 'out') }, options)
  return readFileSync(files.ramdisk!)
}
const zeros = Buffer.alloc(4)

test('several ramdisks are joined unpacked, where each begins at a multiple of four', async () => {
  const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
  const expected = Buffer.concat([padded(archive), padded(pattern(1001)), archive])
  const joined = await written({ 'a.gz': packed, b: pattern(1001), 'c.gz': packed })
  expect(joined.equals(expected)).toBe(true)
})

test('what still begins as gzip is hidden from libxl by zeros, which Linux passes over', async () => {
  const members = Buffer.concat([packed, packed])
  expect((await written({ members })).equals(Buffer.concat([zeros, members]))).toBe(true)
  expect((await written({ twice: gzipSync(packed) })).equals(Buffer.concat([zeros, packed]))).toBe(true)
})
