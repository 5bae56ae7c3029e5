import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runningXenVersion } from '../../src/libxl/xen-version.ts'

const directory = mkdtempSync(join(tmpdir(), 'tetrarch-xen-version-'))
afterAll(() => rmSync(directory, { recursive: true }))

function hypervisor(version: string): string {
  const [major = '', minor = ''] = version.split('.')
  writeFileSync(join(directory, 'major'), `${major}\n`)
  writeFileSync(join(directory, 'minor'), `${minor}\n`)
  return directory
}

test.each(['4.17', '4.18', '4.19', '4.20'])('Xen %s is known', (version) => {
  expect(runningXenVersion(hypervisor(version))).toBe(version)
})

test.each(['4.16', '4.21', '5.0'])('Xen %s is refused with those that are known', (version) => {
  expect(() => runningXenVersion(hypervisor(version))).toThrow(
    expect.objectContaining({
      code: 'xen-unavailable',
      parts: expect.objectContaining({ why: 'it was made for Xen 4.17, 4.18, 4.19, 4.20' }) as object,
    }) as Error,
  )
})

test('without Xen, the file that is missing is named', () => {
  expect(() => runningXenVersion('/nonexistent')).toThrow(
    expect.objectContaining({
      code: 'xen-unavailable',
      message: '/nonexistent/major: this machine does not run under Xen',
    }) as Error,
  )
})
