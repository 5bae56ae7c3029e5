import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { uuid } from '../../../src/words/ids.ts'
import { type ServedDaemon, WEB, serveDaemon } from './served-daemon.ts'

let served: ServedDaemon
beforeEach(async () => {
  served = await serveDaemon()
})
afterEach(() => served.stop())

const create = (text: string) =>
  served.ask('POST', '/v1/guests?wait=5000', { definition: { file: '/tmp/web.cfg', text } })
const logOf = async (guest: string) => {
  const lines: string[] = []
  for await (const { text } of served.client.stream('log', { params: { guest } })) lines.push(text)
  return lines
}

describe('the console log', () => {
  test('stays when the guest is gone, with its last word', async () => {
    await create(WEB)
    await vi.waitFor(async () => expect((await logOf('web')).join()).toContain('Type poweroff'))
    await served.ask('POST', '/v1/guests/web/destroy?wait=5000')
    expect((await logOf('web')).join('\n')).toMatch(/Linux version[^]*Type poweroff/)
  })

  test('goes on while the guest writes', async () => {
    await create(WEB)
    const stop = new AbortController()
    const call = { params: { guest: 'web' }, query: { follow: 'yes', lines: 0 } } as const
    const seen: string[] = []
    const reading = (async () => {
      for await (const { text } of served.client.stream('log', call, stop.signal)) seen.push(text)
    })()
    const { socket } = await served.client.console('web', 'take')
    await vi.waitFor(() => {
      socket.write('hello\r')
      expect(seen.join('\n')).toContain('hello: not found')
    }, 3000)
    stop.abort()
    await reading
    socket.destroy()
  })

  test.each(['db', '../../etc/passwd', 'a/b'])('of "%s" is not there, and that is said', async (guest) => {
    await expect(logOf(guest)).rejects.toMatchObject({ code: 'not-found' })
  })

  test('of a guest of another toolstack is where xenconsoled writes, if it does', async () => {
    served.host.foreign({ name: 'theirs', uuid: uuid('11111111-2222-3333-4444-555555555555') })
    await vi.waitFor(async () => expect(await served.client.call('guests', {})).toHaveLength(1))
    await expect(logOf('theirs')).rejects.toMatchObject({ code: 'not-found', parts: { fix: /XENCONSOLED_TRACE/ } })
  })
})

test('the console of a guest of another toolstack is read only while somebody is attached', async () => {
  const domid = served.host.foreign({ name: 'theirs', uuid: uuid('11111111-2222-3333-4444-555555555555') })
  await vi.waitFor(async () => expect(await served.client.call('guests', {})).toHaveLength(1))
  expect((await served.client.call('guest', { params: { guest: 'theirs' } })).consoleTail).toEqual([])
  const { socket, head } = await served.client.console(String(domid), 'take')
  let said = head.toString()
  socket.on('data', (bytes: Buffer) => (said += bytes.toString()))
  await vi.waitFor(() => expect(said).toContain('Linux version'))
  socket.destroy()
})

test('a halted guest shows the last words of its last run', async () => {
  await create(WEB.replace('pvh"\n', 'pvh"\non_poweroff = "destroy"\n'))
  await vi.waitFor(async () => expect((await logOf('web')).join()).toContain('Type poweroff'))
  await served.define('web', WEB)
  served.host.crash(1 as never)
  await vi.waitFor(async () => {
    const guest = await served.client.call('guest', { params: { guest: 'web' } })
    expect(guest).toMatchObject({ state: 'halted', lastEnd: { reason: 'crash' } })
    expect(guest.consoleTail.join('\n')).toContain('Kernel panic')
  }, 3000)
})

describe('a screen', () => {
  const SCREEN = 'name = "desk"\ntype = "hvm"\nmemory = 256\nvnc = 1\nvncpasswd = "s3cret"\n'

  test('is told with its password, which the read-only socket never shows', async () => {
    await create(SCREEN)
    expect((await served.ask('GET', '/v1/guests/desk/vnc')).body).toEqual({
      address: '127.0.0.1:5900',
      password: 's3cret',
    })
    const { readOnly } = served.sockets
    expect(await served.ask('GET', '/v1/guests/desk/vnc', undefined, readOnly)).toMatchObject({ status: 403 })
    const shown = JSON.stringify((await served.ask('GET', '/v1/guests/desk', undefined, readOnly)).body)
    expect(shown).toContain('"vnc":{"address":"127.0.0.1:5900"}')
    expect(shown).not.toContain('s3cret')
  })

  test('that is not there is said', async () => {
    await create(WEB)
    expect(await served.ask('GET', '/v1/guests/web/vnc')).toMatchObject({
      status: 409,
      body: { code: 'wrong-state', why: /vnc=1/ },
    })
  })
})
