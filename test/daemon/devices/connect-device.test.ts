import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { backendOf } from '../../../src/daemon/xen/devices/backend.ts'
import { Verdicts } from '../../../src/daemon/xen/devices/verdicts.ts'
import { entryFiles } from '../../../src/daemon/entry-files.ts'
import { domid } from '../../../src/words/ids.ts'

let folder: string
let verdicts: Verdicts
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tetrarch-verdicts-'))
  verdicts = new Verdicts(folder)
  await verdicts.open()
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

const disk = backendOf('vbd', domid(7), 51712)
const nic = backendOf('vif', domid(7), 0)

/** As libxl runs it (libxl_linux.c), with an empty folder for Xen's scripts. */
const run = (words: readonly string[], path: string): Promise<{ code: number | string; stderr: string }> =>
  new Promise((resolve) => {
    const env = { XENBUS_PATH: path, TETRARCH_DEVICES: folder, TETRARCH_XEN_SCRIPTS: '/nowhere', PATH: '/usr/bin:/bin' }
    execFile(entryFiles().connectDevice, words, { env, timeout: 20_000 }, (error, _, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    )
  })

test('a device that is connected is passed on to libxl, at its begin and at its end', async () => {
  await verdicts.connected(disk)
  await verdicts.connected(nic)
  expect(await run(['add'], 'backend/vbd/7/51712')).toMatchObject({ code: 0 })
  expect(await run(['remove'], 'backend/vbd/7/51712')).toMatchObject({ code: 0 })
  expect(await run(['online', 'type_if=vif'], 'backend/vif/7/0')).toMatchObject({ code: 0 })
  expect(await run(['add', 'type_if=tap'], 'backend/vif/7/0')).toMatchObject({ code: 0 })
  expect(await run(['offline', 'type_if=vif'], 'backend/vif/7/0')).toMatchObject({ code: 0 })
})

test('a device that is refused fails with the reason, and can still be taken away', async () => {
  await verdicts.refused(disk, 'the disk is in use:\ndomain 3 has it')
  expect(await run(['add'], 'backend/vbd/7/51712')).toEqual({
    code: 1,
    stderr: 'the disk is in use: domain 3 has it\n',
  })
  expect(await run(['remove'], 'backend/vbd/7/51712')).toMatchObject({ code: 0 })
})

test('a verdict that comes late is waited for while the daemon lives', async () => {
  const ended = run(['add'], 'backend/vbd/7/51712')
  await verdicts.connected(disk)
  expect(await ended).toMatchObject({ code: 0 })
})

test.each([
  ['when the daemon has stopped', () => verdicts.close()],
  ['when the daemon has died', () => writeFile(join(folder, 'pid'), '4194305\n')],
])("Xen's own script connects a device %s", async (_, end) => {
  await end()
  const { code, stderr } = await run(['add'], 'backend/vbd/7/51712')
  expect({ code, stderr }).toMatchObject({
    code: 127,
    stderr: expect.stringContaining('/nowhere/block') as string,
  })
})

test('verdicts on devices that are gone are removed when a daemon starts', async () => {
  await verdicts.connected(disk)
  await verdicts.connected(nic)
  await verdicts.keepOnly([nic])
  expect(await run(['online', 'type_if=vif'], 'backend/vif/7/0')).toMatchObject({ code: 0 })
  await verdicts.close()
  expect(await run(['add'], 'backend/vbd/7/51712')).toMatchObject({ code: 127 })
})
