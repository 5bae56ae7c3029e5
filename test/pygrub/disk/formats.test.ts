import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../../src/pygrub/disk-fault.ts'
import { openFormat } from '../../../src/pygrub/disk/formats.ts'
import { readBytes, type Use } from '../../../src/pygrub/disk/source.ts'
import { type Witness, Witnesses, witnessed } from '../../../src/pygrub/disk/witness.ts'
import { openDisk } from '../../../src/pygrub/volumes.ts'
import { expectTree } from '../fixtures/expect-tree.ts'
import { damaged, extImage, temporaryFolder, tool } from '../fixtures/images.ts'
import { budget, imageSource } from '../fixtures/read.ts'
import { files, sharedTree } from '../fixtures/tree.ts'

const tree = sharedTree()

test.each([
  ['qcow2', ['-O', 'qcow2']],
  ['qcow2', ['-O', 'qcow2', '-o', 'compat=0.10']],
  ['qcow2', ['-O', 'qcow2', '-o', 'cluster_size=4096']],
  ['qcow2', ['-O', 'qcow2', '-c']],
  ['qcow2', ['-O', 'qcow2', '-c', '-o', 'compression_type=zstd']],
  ['qcow2', ['-O', 'qcow2', '-c', '-o', 'cluster_size=2M']],
  ['vhd', ['-O', 'vpc', '-o', 'subformat=fixed,force_size=on']],
  ['vhd', ['-O', 'vpc', '-o', 'subformat=dynamic,force_size=on']],
] as const)('%s made with %j is read byte for byte', (format, args) => {
  const folder = temporaryFolder()
  const image = extImage(join(folder, 'raw'), tree)
  tool('qemu-img', ['convert', '-f', 'raw', ...args, image, join(folder, 'image')])
  const disk = openFormat[format](imageSource(join(folder, 'image')), budget())
  if (isRefusal(disk)) throw new Error(disk.refused)
  const [volume] = openDisk(disk, budget()).volumes
  expectTree(volume!.filesystem)
  const raw = readFileSync(image)
  expect(readBytes(disk, 0, raw.length).equals(raw)).toBe(true)
})

describe.each(['zlib', 'zstd'])('a qcow2 image of clusters packed by %s', (by) => {
  const packed = () => {
    const folder = temporaryFolder()
    const path = join(folder, 'image')
    const how = ['-c', '-o', `compression_type=${by}`]
    tool('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', ...how, extImage(join(folder, 'raw'), tree), path])
    return { folder, path }
  }
  const opened = (path: string, witnesses: Witnesses) => {
    const disk = openFormat.qcow2(witnessed(imageSource(path), witnesses, 0), budget())
    if (isRefusal(disk)) throw new Error(disk.refused)
    return disk
  }

  test('is, byte for byte, what qemu-img unpacks', () => {
    const { folder, path } = packed()
    tool('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', path, join(folder, 'unpacked')])
    const expected = readFileSync(join(folder, 'unpacked'))
    const disk = opened(path, new Witnesses())
    expect(disk.size).toBe(expected.length)
    // Pieces that begin and end within clusters.
    for (let at = 0; at < disk.size; at += 100_003) {
      const piece = readBytes(disk, at, Math.min(100_003, disk.size - at))
      expect(piece.equals(expected.subarray(at, at + piece.length)), `${at}`).toBe(true)
    }
  })

  test('has a witness of each cluster that decides, also of one that was kept since it boots', () => {
    const { folder, path } = packed()
    const content = files['/sub/one-block']!.subarray(0, 512)
    const at = readFileSync(join(folder, 'raw')).indexOf(content)
    const read = (...uses: (Use | undefined)[]) => {
      const witnesses = new Witnesses()
      const disk = opened(path, witnesses)
      for (const use of uses) expect(readBytes(disk, at, 512, use).equals(content)).toBe(true)
      return witnesses.all
    }
    const [decides, boots] = [read(undefined), read('boots')]
    expect(decides!.length).toBe(boots!.length + 1)
    expect(read('boots', undefined)).toEqual(expect.arrayContaining(decides as Witness[]))
    expect(read(undefined, 'boots')).toEqual(decides)
    // The last one is the cluster as it lies in the file.
    const [, start, length, crc] = decides!.at(-1)!
    expect(crc32(readFileSync(path).subarray(start, start + length))).toBe(crc)
    expect(length).toBeLessThanOrEqual(65_536)
  })
})

test.each([
  ['qcow2', 'a backing file', ['-f', 'qcow2', '-F', 'raw', '-b', '/etc/passwd'], 'backing file, which is missing'],
  ['qcow2', 'a data file', ['-f', 'qcow2', '-o', 'data_file=other'], 'another file'],
  ['qcow2', 'subclusters', ['-f', 'qcow2', '-o', 'extended_l2=on'], 'subclusters'],
] as const)('%s with %s is refused', (format, _, args, reason) => {
  const folder = temporaryFolder()
  const path = join(folder, 'image')
  const other = args.map((arg) => arg.replace('=other', `=${join(folder, 'other')}`))
  tool('qemu-img', ['create', ...other, path, ...(args.includes('-b' as never) ? [] : ['4M'])])
  expect(openFormat[format](imageSource(path), budget())).toMatchObject({
    refused: expect.stringContaining(reason) as string,
  })
})

test('a damaged qcow2 image is refused or reads as damaged, wherever its header is changed', () => {
  const folder = temporaryFolder()
  tool('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', extImage(join(folder, 'raw'), tree), join(folder, 'image')])
  for (let at = 0; at < 112; at++) {
    const path = damaged(join(folder, 'image'), join(folder, 'damaged'), at, Buffer.from([0xff]))
    const disk = openFormat.qcow2(imageSource(path), budget())
    if (!isRefusal(disk)) openDisk(disk, budget())
  }
})
