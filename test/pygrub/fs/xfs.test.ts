import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { expectTree } from '../fixtures/expect-tree.ts'
import { keptDisk, temporaryFolder, tool, xfsImage } from '../fixtures/images.ts'
import { content, names, onlyFilesystem } from '../fixtures/read.ts'
import { sharedTree } from '../fixtures/tree.ts'
import { fileByXfsDb } from '../fixtures/xfs-db.ts'

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

test.each([['/boot/large'], ['/boot/vmlinuz'], ['/sub/inline-140'], ['/sparse'], ['/empty']])(
  '%s is read whole as xfs_db reads it',
  (path) => {
    const image = xfsImage(join(temporaryFolder(), 'image'), tree)
    expect(fileByXfsDb(image, path).equals(content(onlyFilesystem(image), path) as Buffer)).toBe(true)
  },
)

describe('XFS as Linux wrote it', () => {
  const numbers = Array.from({ length: 60_000 }, (_, index) => `${index + 1}\n`).join('')
  const image = (): string => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'qcow2'), keptDisk('xfs'))
    tool('qemu-img', ['convert', '-O', 'raw', join(folder, 'qcow2'), join(folder, 'raw')])
    return join(folder, 'raw')
  }

  test('has files of two levels of extents, unwritten and shared ones, and attributes, all read as by xfs_db', () => {
    const raw = image()
    const filesystem = onlyFilesystem(raw)
    for (const path of ['/boot/holes', '/boot/reserved', '/boot/numbers', '/boot/shared']) {
      expect(fileByXfsDb(raw, path).equals(content(filesystem, path) as Buffer), path).toBe(true)
    }
    for (const path of ['/boot/numbers', '/boot/shared', '/long'])
      expect(String(content(filesystem, path)) === numbers, path).toBe(true)
    const holes = content(filesystem, '/boot/holes') as Buffer
    for (const block of [0, 500, 2998]) {
      const at = block * 1024
      expect(holes.toString('latin1', at, at + 1024)).toBe(`${String(block).padEnd(1023)}\n`)
      if (at + 1024 < holes.length) expect(holes.subarray(at + 1024, at + 2048).every((byte) => byte === 0)).toBe(true)
    }
    expect((content(filesystem, '/boot/reserved') as Buffer).toString('latin1', 500_000, 500_008)).toBe('written\n')
  })

  test('lists a large directory of which half was deleted', () => {
    const found = names(onlyFilesystem(image()), '/crowd')
    expect(found).toHaveLength(500)
    expect(found).toContain('a-rather-long-name-of-file-number-999')
    expect(found).not.toContain('a-rather-long-name-of-file-number-998')
  })
})
