import { describe, expect, test } from 'vitest'
import { createLibxlPool } from '../../src/libxl/worker-pool.ts'
import { openXenctrl } from '../../src/libxl/xenctrl.ts'

describe('without a running Xen', () => {
  test.each([
    { version: '4.17', message: 'libxenlight cannot work here' },
    { version: '4.16', message: 'Xen 4.16 is not one that tetrarch knows' },
    { version: '4.20', message: 'cannot load libxenlight.so.4.20' },
  ])('a worker for Xen $version says what is wrong and leaves', async ({ version, message }) => {
    await using pool = createLibxlPool({ workerArguments: [version] })
    await expect(pool.run({ op: 'version-info' })).rejects.toMatchObject({ code: 'xen-unavailable', message })
    await expect.poll(() => pool.workers(), { timeout: 10_000 }).toEqual([])
  })

  test('libxenctrl says that there is no hypervisor', () => {
    expect(() => openXenctrl({ version: '4.17' })).toThrow(
      expect.objectContaining({ code: 'xen-unavailable' }) as Error,
    )
  })
})
