import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type Server, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createClient } from '../../src/api/client.ts'
import { unreachable } from '../../src/api/unreachable.ts'
import { type ServedDaemon, serveDaemon } from '../daemon/http/served-daemon.ts'

describe('a client of a daemon', () => {
  let served: ServedDaemon
  beforeEach(async () => {
    served = await serveDaemon({ config: { http: { maxConnections: 1 } } })
  })
  afterEach(() => served.stop())

  test('asks many times over one connection', async () => {
    for (let asked = 0; asked < 20; asked++) expect(await served.client.call('guests', {})).toEqual([])
  })

  test('throws what the daemon says went wrong, with all its parts', async () => {
    await expect(served.client.call('guest', { params: { guest: 'a/b c' } })).rejects.toMatchObject({
      code: 'not-found',
      parts: { what: 'there is no guest "a/b c"', fix: 'see: tetrarch list' },
    })
  })

  test('says that the daemon takes no more clients', async () => {
    await served.client.call('guests', {})
    using another = createClient({ socketPath: served.sockets.full })
    await expect(another.call('guests', {})).rejects.toMatchObject({
      code: 'daemon-unreachable',
      parts: { why: expect.stringContaining('too many clients') as string },
    })
  })
})

describe('a client of something else', () => {
  let folder: string
  let server: Server
  let answer: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tetrarch-client-'))
    server = createServer((socket) => socket.on('error', () => undefined).write(answer))
    await new Promise<void>((resolve) => server.listen(join(folder, 's.sock'), resolve))
  })
  afterEach(async () => {
    server.close()
    await rm(folder, { recursive: true })
  })

  test.each([
    ['another HTTP server', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>', 'what answers is not tetrarchd'],
    ['another protocol', 'SSH-2.0-x\r\n', 'cannot reach the daemon'],
    ['one that says nothing', '', 'cannot reach the daemon'],
  ])('%s is told apart from tetrarchd', async (_what, bytes, what) => {
    answer = bytes
    using client = createClient({ socketPath: join(folder, 's.sock'), answerMs: 50 })
    await expect(client.call('guests', {})).rejects.toMatchObject({ code: 'daemon-unreachable', parts: { what } })
  })
})

describe('an unreachable daemon', () => {
  const refused = (code: string) => Object.assign(new Error(code), { code })

  test('whose socket is not there is not running', () => {
    expect(unreachable('/run/x.sock', refused('ENOENT'))).toMatchObject({
      code: 'daemon-unreachable',
      parts: { where: '/run/x.sock', why: 'there is no such socket: the service is not running' },
    })
  })

  test('whose socket may not be opened names the user, the group and the way in', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tetrarch-client-'))
    const socket = join(folder, 's.sock')
    await writeFile(socket, '')
    await chmod(socket, 0o660)
    // Group 1 is "daemon" on Debian; a test that is not root keeps its own group.
    if (process.getuid?.() === 0) await chown(socket, 0, 1)
    const { code, parts } = unreachable(socket, refused('EACCES'))
    expect(code).toBe('forbidden')
    if (process.getuid?.() === 0) {
      expect(parts.why).toBe('user "root" is not in group "daemon"')
      expect(parts.fix).toContain('usermod -aG daemon root')
    } else expect(parts.why).toContain('user "')
    await rm(folder, { recursive: true })
  })
})
