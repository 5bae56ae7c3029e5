import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readPartitions } from '../../../src/pygrub/disk/partitions.ts'
import { bufferSource } from '../../../src/pygrub/disk/source.ts'
import { damaged, emptyFile, MEBIBYTE, partitionedDisk, temporaryFolder, tool } from '../fixtures/images.ts'
import { budget, imageSource } from '../fixtures/read.ts'

const table = (path: string) => readPartitions(imageSource(path), budget())
const names = (path: string) => table(path).partitions.map(({ name }) => name)
const rows = (...types: string[]) => types.map((row) => ({ row, image: null, mebibytes: 2 }))
const gpt = (folder: string) => partitionedDisk(join(folder, 'gpt'), 'gpt', rows('type=uefi', 'type=linux'))

interface SfdiskPartition {
  readonly start: number
  readonly size: number
}
const asSfdisk = (path: string): SfdiskPartition[] =>
  (JSON.parse(tool('sfdisk', ['-J', path])) as { partitiontable: { partitions: SfdiskPartition[] } }).partitiontable
    .partitions

describe('GPT', () => {
  test('is read as sfdisk reads it', () => {
    const path = gpt(temporaryFolder())
    const { partitions, notes } = table(path)
    expect(partitions.map(({ name }) => name)).toEqual(['gpt1', 'gpt2'])
    expect(partitions.map(({ start, size }) => ({ start: start / 512, size: size / 512 }))).toEqual(
      asSfdisk(path).map(({ start, size }) => ({ start, size })),
    )
    expect(partitions[0]!.type).toBe('c12a7328-f81f-11d2-ba4b-00a0c93ec93b')
    expect(notes).toEqual([])
  })

  test('of 4096-byte sectors is read', () => {
    const path = emptyFile(join(temporaryFolder(), 'disk'), 16 * MEBIBYTE)
    tool('fdisk', ['-b', '4096', path], 'g\nn\n\n\n+4M\nn\n\n\n+2M\nw\n')
    expect(table(path).partitions.map(({ name, start, size }) => [name, start, size])).toEqual([
      ['gpt1', MEBIBYTE, 4 * MEBIBYTE],
      ['gpt2', 5 * MEBIBYTE, 2 * MEBIBYTE],
    ])
  })

  test.each([
    ['header', 512 + 24],
    ['entries', 1024 + 40],
  ])('whose first %s is damaged is read from its backup, with a note', (_, position) => {
    const folder = temporaryFolder()
    const path = damaged(gpt(folder), join(folder, 'damaged'), position, Buffer.from([0xff, 0xff]))
    expect(names(path)).toEqual(['gpt1', 'gpt2'])
    expect(table(path).notes.join()).toMatch(/damaged.*checksum.*backup/)
  })

  test('of 4 billion entries, twice, is refused in an instant', () => {
    const folder = temporaryFolder()
    const good = gpt(folder)
    const count = Buffer.alloc(4, 0xff)
    const once = damaged(good, join(folder, 'once'), 512 + 80, count)
    const twice = damaged(once, join(folder, 'twice'), readFileSync(once).length - 512 + 80, count)
    expect(names(twice)).toEqual(['disk'])
  })
})

describe('MBR', () => {
  test('with logical partitions is read as sfdisk reads it', () => {
    const path = emptyFile(join(temporaryFolder(), 'disk'), 20 * MEBIBYTE)
    tool(
      'sfdisk',
      ['-q', path],
      'label: dos\nsize=2MiB,type=83\nsize=12MiB,type=5\nx5 : size=2MiB\nx6 : size=3MiB\nx7 : size=1MiB\n',
    )
    const { partitions } = table(path)
    expect(partitions.map(({ name }) => name)).toEqual(['msdos1', 'msdos5', 'msdos6', 'msdos7'])
    expect(partitions.map(({ start, size }) => ({ start: start / 512, size: size / 512 }))).toEqual(
      asSfdisk(path)
        .filter((_, index) => index !== 1)
        .map(({ start, size }) => ({ start, size })),
    )
  })

  test('whose logical partitions form a loop ends', () => {
    const folder = temporaryFolder()
    const path = emptyFile(join(folder, 'disk'), 20 * MEBIBYTE)
    tool('sfdisk', ['-q', path], 'label: dos\nsize=12MiB,type=5\nx5 : size=2MiB\nx6 : size=3MiB\n')
    const next = Buffer.from([0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
    const loop = damaged(path, join(folder, 'loop'), MEBIBYTE + 446 + 16, next)
    expect(table(loop).notes.join()).toContain('loop')
  })
})

test('a disk without a table is one partition', () => {
  expect(names(emptyFile(join(temporaryFolder(), 'disk'), MEBIBYTE))).toEqual(['disk'])
})

test.each([0, 1, 511, 512, 513, 1024, 4096])('a disk of %d bytes, all ones or zeros, is one partition', (bytes) => {
  for (const fill of [0, 0xff]) {
    const { partitions } = readPartitions(bufferSource(Buffer.alloc(bytes, fill)), budget())
    expect(partitions.map(({ name }) => name)).toEqual(['disk'])
  }
})
