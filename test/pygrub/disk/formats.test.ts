import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isRefusal } from '../../../src/pygrub/disk-fault.ts'
import { openFormat } from '../../../src/pygrub/disk/formats.ts'
import { openDisk } from '../../../src/pygrub/volumes.ts'
import { expectTree } from '../fixtures/expect-tree.ts'
import { damaged, extImage, temporaryFolder, tool } from '../fixtures/images.ts'
import { budget, imageSource } from '../fixtures/read.ts'
import { sharedTree } from '../fixtures/tree.ts'

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
})

test.each([
  ['qcow2', 'a backing file', ['-f', 'qcow2', '-F', 'raw', '-b', '/etc/passwd'], 'backing file'],
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
