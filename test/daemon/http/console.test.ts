import { once } from 'node:events'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type ServedDaemon, WEB, serveDaemon } from './served-daemon.ts'

let served: ServedDaemon
beforeEach(async () => {
  served = await serveDaemon({ config: { console: { clientBytes: 100_000, historyBytes: 1_000_000 } } })
  await served.ask('POST', '/v1/guests?wait=5000', { definition: { file: '/tmp/web.cfg', text: WEB } })
  await vi.waitFor(async () => {
    const { consoleTail } = await served.client.call('guest', { params: { guest: 'web' } })
    expect(consoleTail.at(-1)).toContain('Type poweroff')
  })
})
afterEach(() => served.stop())

interface Attached {
  readonly socket: Socket
  readonly writes: boolean
  /** Everything that came so far. */
  readonly seen: () => string
  /** Resolves when it ends. */
  readonly ended: Promise<unknown>
}

async function attach(input: 'take' | 'if-free' | 'none'): Promise<Attached> {
  const { socket, head, writes } = await served.client.console('web', input)
  let seen = head.toString()
  socket.on('data', (bytes: Buffer) => (seen += bytes.toString()))
  return { socket, writes, seen: () => seen, ended: once(socket, 'close') }
}

const says = (client: Attached, text: string) => vi.waitFor(() => expect(client.seen()).toContain(text), 3000)

test('shows what the guest said before, then what it says now', async () => {
  const client = await attach('take')
  await says(client, 'Hypervisor detected: Xen PVH')
  client.socket.write('hello\r')
  await says(client, 'hello: not found')
})

test('the last who wants the keyboard gets it, and the other reads to whom it went', async () => {
  const first = await attach('take')
  const second = await attach('take')
  expect([first.writes, second.writes]).toEqual([true, true])
  await says(first, `root, process ${process.pid} writes now`)
  first.socket.write('from-the-first\r')
  second.socket.write('from-the-second\r')
  await says(first, 'from-the-second: not found')
  expect(second.seen()).not.toContain('from-the-first')
})

test('who leaves gives the keyboard back', async () => {
  const first = await attach('if-free')
  const reader = await attach('if-free')
  expect([first.writes, reader.writes]).toEqual([true, false])
  first.socket.end()
  await first.ended
  await vi.waitFor(async () => expect((await attach('if-free')).writes).toBe(true))
})

test('a reader reads and cannot write', async () => {
  const reader = await attach('none')
  reader.socket.write('poweroff\r')
  const writer = await attach('if-free')
  writer.socket.write('echo\r')
  await says(reader, 'echo: not found')
})

test('ends when the guest does', async () => {
  const client = await attach('take')
  client.socket.write('poweroff\r')
  await client.ended
  expect(client.seen()).toContain('poweroff')
})

test('ends when the daemon stops', async () => {
  const client = await attach('take')
  await served.daemon.stop()
  await client.ended
})

describe('is refused', () => {
  test.each([
    ['for a guest that there is not', 'db', 'not-found'],
    ['for one that does not run', 'halted', 'not-found'],
  ])('%s', async (_what, guest, code) => {
    await expect(served.client.console(guest, 'take')).rejects.toMatchObject({ code })
  })

  test('for an input that there is not', async () => {
    await expect(served.client.console('web', 'steal' as never)).rejects.toMatchObject({ code: 'usage' })
  })

  test('for a path that is no console', async () => {
    const sending = request({
      socketPath: served.sockets.full,
      path: '/v1/guests',
      headers: { connection: 'Upgrade', upgrade: 'tetrarch-console' },
    }).end()
    const [response] = (await once(sending, 'response')) as [{ statusCode: number }]
    expect(response.statusCode).toBe(400)
  })
})
