import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { difference, sumsOf } from '../../lab/sync.ts'

let tree: string
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'tetrarch-sync-'))
  for (const folder of ['usr/bin', 'DEBIAN', 'etc/tetrarch']) mkdirSync(join(tree, folder), { recursive: true })
  write('usr/bin/tetrarch', 'one')
  write('usr/bin/old', 'old')
})
afterEach(() => rmSync(tree, { recursive: true }))

const write = (path: string, text: string) => writeFileSync(join(tree, path), text)

test('a sync sends what is new, and what has other bytes or another mode, and removes what is gone', () => {
  const before = sumsOf(tree)
  expect(difference(before, sumsOf(tree))).toEqual({ changed: [], gone: [] })
  chmodSync(join(tree, 'usr/bin/tetrarch'), 0o700)
  write('usr/bin/new', 'new')
  rmSync(join(tree, 'usr/bin/old'))
  const { changed, gone } = difference(before, sumsOf(tree))
  expect(changed.toSorted()).toEqual(['usr/bin/new', 'usr/bin/tetrarch'])
  expect(gone).toEqual(['usr/bin/old'])
})

test('a sync leaves the settings in dom0 alone, and what only dpkg reads', () => {
  const before = sumsOf(tree)
  write('etc/tetrarch/tetrarchd.toml', 'other = true')
  write('DEBIAN/control', 'Package: tetrarch')
  expect(difference(before, sumsOf(tree))).toEqual({ changed: [], gone: [] })
})
