/** The QMP client against a real QEMU (package qemu-system-x86) with no machine in it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { QmpClient } from '../../src/qemu/qmp.ts'

let dir: string
let path: string
let qemu: ChildProcess

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tetrarch-qmp-'))
  path = join(dir, 'qmp')
  const args = ['-M', 'none', '-display', 'none', '-nodefaults', '-qmp', `unix:${path},server=on,wait=off`]
  qemu = spawn('qemu-system-x86_64', args, { stdio: 'inherit' })
  while (!existsSync(path)) await sleep(10)
})
afterAll(async () => {
  if (qemu.exitCode === null && qemu.kill()) await once(qemu, 'exit')
  await rm(dir, { recursive: true, force: true })
})

test('asks and is answered', async () => {
  using client = await QmpClient.open(path)
  const [status, version] = await Promise.all([client.execute('query-status'), client.execute('query-version')])
  expect(status).toMatchObject({ running: true })
  expect(version).toMatchObject({ qemu: { major: expect.any(Number) as number } })
})

test('takes answers of many kilobytes', async () => {
  using client = await QmpClient.open(path)
  expect(JSON.stringify(await client.execute('query-qmp-schema')).length).toBeGreaterThan(100_000)
})

test('passes on what QEMU refuses', async () => {
  using client = await QmpClient.open(path)
  await expect(client.execute('no-such-command')).rejects.toMatchObject({
    code: 'device-model-failed',
    parts: { why: expect.stringContaining('CommandNotFound') as string },
  })
  expect(await client.execute('query-status')).toMatchObject({ running: true })
})

test('hears events, and QEMU’s end', async () => {
  const events: string[] = []
  using client = await QmpClient.open(path, { onEvent: ({ event }) => events.push(event) })
  await client.execute('stop')
  await client.execute('cont')
  expect(events).toEqual(['STOP', 'RESUME'])
  const ended = once(qemu, 'exit')
  await client.execute('quit')
  await ended
  await expect(client.execute('query-status')).rejects.toMatchObject({ code: 'device-model-failed' })
})
