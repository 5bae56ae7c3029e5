import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectTree } from '../fixtures/expect-tree.ts'
import { temporaryFolder, tool, xfsImage } from '../fixtures/images.ts'
import { content, onlyFilesystem } from '../fixtures/read.ts'
import { sharedTree } from '../fixtures/tree.ts'

const tree = sharedTree()
const uuid = '11111111-2222-3333-4444-555555555555'

test.each([
  ['version 5 as mkfs.xfs makes it', ['-m', `uuid=${uuid}`]],
  ['version 5 with bigtime and nrext64', ['-m', `uuid=${uuid},bigtime=1`, '-i', 'nrext64=1']],
  [
    'version 5 with small blocks and large directory blocks',
    ['-m', `uuid=${uuid}`, '-b', 'size=1024', '-n', 'size=8192'],
  ],
  ['version 5 with large inodes', ['-m', `uuid=${uuid}`, '-i', 'size=2048']],
  ['version 5 without sparse inodes', ['-m', `uuid=${uuid}`, '-i', 'sparse=0']],
  ['version 4 with file types', ['-m', `uuid=${uuid},crc=0,finobt=0`, '-n', 'ftype=1']],
  ['version 4 without file types', ['-m', `uuid=${uuid},crc=0,finobt=0`, '-n', 'ftype=0']],
])('XFS %s is read byte for byte', (_, args) => {
  const image = xfsImage(join(temporaryFolder(), 'image'), tree, [...args, '-L', 'alabel'])
  const filesystem = onlyFilesystem(image)
  expect(filesystem).toMatchObject({ type: 'xfs', uuid, label: 'alabel' })
  expectTree(filesystem)
})

test('an extent is read as xfs_db reads it', () => {
  const folder = temporaryFolder()
  const image = xfsImage(join(folder, 'image'), tree, [])
  const db = (...commands: string[]) => tool('xfs_db', ['-r', ...commands.flatMap((command) => ['-c', command]), image])
  const inode = /(\d+)\s+regular\s+\S+\s+\d+ vmlinuz/.exec(db('ls /boot'))?.[1]
  const block = /startblock (\d+)/.exec(db(`inode ${inode}`, 'bmap'))?.[1]
  const at = Number(/\((\d+)\)/.exec(db(`convert fsblock ${block} byte`))?.[1])
  const bytes = content(onlyFilesystem(image), '/boot/vmlinuz') as Buffer
  expect(
    readFileSync(image)
      .subarray(at, at + 4096)
      .equals(bytes.subarray(0, 4096)),
  ).toBe(true)
})
