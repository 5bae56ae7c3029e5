import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type ServedDaemon, WEB, serveDaemon } from './served-daemon.ts'

const LIMITS = {
  http: { maxConnections: 20, headersMs: 300, requestMs: 600, stallMs: 300, keepAliveMs: 300 },
  events: { heartbeatMs: 20, history: 100 },
}

let served: ServedDaemon
beforeEach(async () => {
  served = await serveDaemon({ config: LIMITS })
})
afterEach(async () => {
  // Whatever the test's clients did, others are served.
  await vi.waitFor(async () => expect(await served.ask('GET', '/v1/guests')).toMatchObject({ status: 200 }), 3000)
  await served.stop()
})

const problem = (text: string) => JSON.parse(text.slice(text.indexOf('{'))) as Record<string, unknown>

test.each([
  ['random bytes', Buffer.from('\x00\x01\xfe\xff'.repeat(100), 'latin1')],
  ['another protocol', '{"execute":"qmp_capabilities"}\r\n\r\n'],
  ['a TLS hello', Buffer.from('160301020001000001fc0303', 'hex')],
  ['a header without a colon', 'GET /v1/guests HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n'],
  ['no host', 'GET /v1/guests HTTP/1.1\r\n\r\n'],
  ['two lengths', 'POST /v1/guests HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  [
    'a length and chunks',
    'POST /v1/guests HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
])('%s is answered with 400 and an end', async (_what, bytes) => {
  expect(await served.send(bytes)).toMatch(/^HTTP\/1\.1 400 /)
})

test('headers beyond all measure are refused', async () => {
  const answer = await served.send(`GET /v1/guests HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`)
  expect(problem(answer)).toMatchObject({ code: 'too-large', status: 413 })
})

test.each([
  ['the first line', 'GET /v1/gue'],
  ['the headers', 'POST /v1/guests HTTP/1.1\r\nHost: x\r\nContent-'],
  ['the body', 'POST /v1/guests HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"name"'],
  ['nothing at all', ''],
])('a request that stops in %s is given up in time', async (_where, bytes) => {
  const begun = performance.now()
  await served.send(bytes)
  expect(performance.now() - begun).toBeLessThan(4000)
})

test('an answer may take longer than a request, and the connection serves the next one', async () => {
  await served.stop()
  served = await serveDaemon({ config: LIMITS, host: { times: { buildMs: LIMITS.http.requestMs * 2 } } })
  const socket = await served.connected()
  let said = ''
  socket.on('data', (bytes: Buffer) => (said += bytes.toString()))
  const answers = () => said.split('HTTP/1.1 200').length - 1
  const body = JSON.stringify({ definition: { file: '/root/web.cfg', text: WEB } })
  socket.write(`POST /v1/guests?wait=5000 HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  await vi.waitFor(() => expect(answers()).toBe(1), 4000)
  socket.write('GET /v1/guests HTTP/1.1\r\nHost: x\r\n\r\n')
  await vi.waitFor(() => expect(answers()).toBe(2), 2000)
  socket.write('GET /v1/gue')
  await vi.waitFor(() => expect(socket.closed).toBe(true), 3000)
})

test('ten megabytes are refused and the client gets to know', async () => {
  const body = 'x'.repeat(10 * 1024 * 1024)
  const answer = await served.send(
    `POST /v1/guests HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
  expect(problem(answer)).toMatchObject({ code: 'too-large', status: 413 })
})

test('chunks without an end are refused at the limit', async () => {
  const socket = await served.connected()
  socket.on('error', () => undefined)
  socket.write('POST /v1/guests HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  const answer = new Promise<string>((resolve) => socket.once('data', (bytes: Buffer) => resolve(bytes.toString())))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const feed = setInterval(() => socket.write(chunk), 1)
  expect(problem(await answer)).toMatchObject({ code: 'too-large' })
  await closed
  clearInterval(feed)
})

test('a thousand connections leave the daemon with as many as it takes, and it recovers', async () => {
  const attempts = await Promise.allSettled(Array.from({ length: 1000 }, () => served.connected()))
  // The kernel itself refuses what does not fit into its queue (listen(2), backlog).
  const sockets = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []))
  expect(sockets.length).toBeGreaterThan(20)
  const open = () => sockets.filter((socket) => !socket.destroyed)
  for (const socket of sockets) socket.on('error', () => undefined).resume()
  await vi.waitFor(() => expect(open().length).toBeLessThanOrEqual(20), 3000)
  // The read-only socket has places of its own.
  expect(await served.ask('GET', '/v1/guests', undefined, served.sockets.readOnly)).toMatchObject({ status: 200 })
  for (const socket of open()) socket.destroy()
})

test('a client that asks and never reads is cut off', async () => {
  const socket = await served.connected()
  socket.on('error', () => undefined).pause()
  const closed = watchClose(socket)
  for (let asked = 0; asked < 2000; asked++) socket.write('GET /v1/modes HTTP/1.1\r\nHost: x\r\n\r\n')
  await vi.waitFor(() => expect(closed()).toBe(true), 5000)
})

test('a reader of events that stops reading is cut off, and costs no memory meanwhile', async () => {
  const socket = await served.connected()
  socket.on('error', () => undefined)
  socket.write('GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'data')
  socket.pause()
  const closed = watchClose(socket)
  const flood = setInterval(() => {
    for (let event = 0; event < 500; event++) served.daemon.events.publish(someEvent)
  }, 1)
  await vi.waitFor(() => expect(closed()).toBe(true), 5000)
  clearInterval(flood)
})

test('a reader of events that was too slow is told how many it missed', async () => {
  for (let event = 0; event < 300; event++) served.daemon.events.publish(someEvent)
  const kinds: string[] = []
  for await (const event of served.client.stream('events', { query: { since: 1 } })) {
    kinds.push(event.kind === 'lost' ? `lost ${event.count}` : event.kind)
    if (kinds.length === 3) break
  }
  expect(kinds).toEqual(['lost 200', 'daemon.started', 'daemon.started'])
})

const someEvent = { kind: 'daemon.started', version: '0.0.0', adopted: 0, foreign: 0 } as const

/** Whether the other side has closed; seen by writing, because who does not read sees no end. */
function watchClose(socket: Socket): () => boolean {
  return () => {
    socket.write('\r\n')
    return socket.destroyed
  }
}
