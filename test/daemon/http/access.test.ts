import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { type Server, createServer } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createClient } from '../../../src/api/client.ts'
import { endpoints } from '../../../src/api/endpoints.ts'
import { listen } from '../../../src/daemon/http/listen.ts'
import { type ServedDaemon, WEB, serveDaemon } from './served-daemon.ts'

describe('the read-only socket', () => {
  let served: ServedDaemon
  beforeEach(async () => {
    served = await serveDaemon()
    await served.ask('POST', '/v1/guests?wait=5000', { definition: { file: '/tmp/web.cfg', text: WEB } })
  })
  afterEach(() => served.stop())

  const changes = Object.entries(endpoints).filter(([, { access, answer }]) => access === 'change' && answer === 'json')
  test.each(changes)('refuses %s', async (_name, { method, path }) => {
    const concrete = path.replace(':guest', 'web').replace(':task', '1')
    const { status, body } = await served.ask(method, concrete, undefined, served.sockets.readOnly)
    expect({ status, body }).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  })

  test('refuses a console, which could be written to', async () => {
    using client = createClient({ socketPath: served.sockets.readOnly })
    await expect(client.console('web', 'none')).rejects.toMatchObject({ code: 'forbidden' })
  })

  test('shows guests and tasks', async () => {
    using client = createClient({ socketPath: served.sockets.readOnly })
    expect(await client.call('guests', {})).toHaveLength(1)
    expect(await client.call('tasks', {})).toHaveLength(1)
  })

  test('every change and every try is logged with who asked, and looking is not', async () => {
    await served.ask('POST', '/v1/guests/web/destroy', undefined, served.sockets.readOnly)
    await served.ask('POST', '/v1/guests/web/pause?wait=5000')
    await served.ask('GET', '/v1/guests')
    const who = { audit: true, uid: process.getuid?.(), gid: process.getgid?.(), pid: process.pid, method: 'POST' }
    expect(served.log.filter(({ audit }) => audit === true)).toMatchObject([
      { ...who, target: '/v1/guests?wait=5000', status: 200, error: null, task: expect.any(String) as string },
      { ...who, target: '/v1/guests/web/destroy', status: 403, error: 'forbidden', task: null },
      { ...who, target: '/v1/guests/web/pause?wait=5000', status: 200, error: null },
    ])
  })
})

describe('a socket', () => {
  let folder: string
  let server: Server
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tetrarch-listen-'))
    server = createServer((_request, response) => response.end())
  })
  afterEach(async () => {
    server.close()
    await rm(folder, { recursive: true })
  })

  const target = (group = 'root') => ({ path: join(folder, 's.sock'), mode: 0o660, group })

  test('has the permissions and the group that were asked for', async () => {
    expect(await listen(server, target())).toEqual({ groupMissing: false })
    expect((await stat(target().path)).mode & 0o777).toBe(0o660)
  })

  test('is made without its group where there is none, and says so', async () => {
    expect(await listen(server, target('no-such-group'))).toEqual({ groupMissing: true })
  })

  test('that a killed daemon left behind is replaced', async () => {
    const script = `require('net').createServer().listen(${JSON.stringify(target().path)}, () => process.kill(process.pid, 'SIGKILL'))`
    await once(spawn(process.execPath, ['-e', script]), 'exit')
    expect((await stat(target().path)).isSocket()).toBe(true)
    await listen(server, target())
    await once(connect(target().path), 'connect')
  })

  test('on which a daemon answers is left to it', async () => {
    await listen(server, target())
    await expect(listen(createServer(), target())).rejects.toThrow('another daemon listens already')
  })

  test('that cannot be made says where and why', async () => {
    await expect(listen(server, { ...target(), path: join(folder, 'no/such/s.sock') })).rejects.toThrow(
      'cannot make the socket',
    )
  })
})
