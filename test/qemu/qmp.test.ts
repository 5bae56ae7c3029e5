import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { QmpClient, qmpSocket } from '../../src/qemu/qmp.ts'
import { domid } from '../../src/words/ids.ts'

const GREETING = '{"QMP": {"version": {"qemu": {"major": 7}}, "capabilities": ["oob"]}}\r\n'
const failed = (why: string) => ({
  code: 'device-model-failed',
  parts: { why: expect.stringContaining(why) as string },
})

let dir: string
let path: string
let server: Server | undefined
const sockets = new Set<Socket>()

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tetrarch-qmp-'))
  path = join(dir, 'qmp')
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  server?.close()
  await rm(dir, { recursive: true })
})

/** A QEMU that greets, negotiates, and then sends this for each command. */
async function qemuThat(answer: (id: number) => string, greeting = GREETING): Promise<void> {
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.write(greeting)
    socket.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().trim().split('\n')) {
        const { execute, id } = JSON.parse(line) as { execute: string; id: number }
        socket.write(execute === 'qmp_capabilities' ? `{"return": {}, "id": ${id}}\r\n` : answer(id))
      }
    })
  }).listen(path)
  await once(server, 'listening')
}

test.each<[string, (id: number) => string, string]>([
  ['garbage', () => 'hello\n', 'no QMP message'],
  ['JSON that is no message', () => '[1, 2]\n', 'no QMP message'],
  ['a bare null', () => 'null\n', 'no QMP message'],
  ['an answer nobody asked for', () => '{"return": {}, "id": 99}\n', 'nobody asked'],
  ['a line without end', () => 'x'.repeat(3000), 'too long'],
  ['a line that is too long', (id) => `{"return": "${'x'.repeat(3000)}", "id": ${id}}\n`, 'too long'],
  ['nothing', () => '', 'within 40 ms'],
])('a QEMU that sends %s is not listened to further', async (_, answer, why) => {
  await qemuThat(answer)
  using client = await QmpClient.open(path, { commandMs: 40, lineBytes: 2000 })
  await expect(client.execute('query-status')).rejects.toMatchObject(failed(why))
  await expect(client.execute('query-status')).rejects.toMatchObject(failed(why))
})

test.each([
  ['nothing', '', 'within 40 ms'],
  ['another protocol', 'SSH-2.0-OpenSSH\r\n', 'as QEMU does'],
])('a server that greets with %s is not trusted', async (_, greeting, why) => {
  await qemuThat(() => '', greeting)
  await expect(QmpClient.open(path, { connectMs: 40 })).rejects.toMatchObject(failed(why))
})

test('a socket that is not there is an error, not a wait', async () => {
  await expect(QmpClient.open(path)).rejects.toMatchObject(failed('ENOENT'))
})

test('what QEMU refuses is told with its reason, made safe to show', async () => {
  await qemuThat((id) => `{"error": {"class": "GenericError", "desc": "no\\u001b[31m"}, "id": ${id}}\n`)
  using client = await QmpClient.open(path)
  await expect(client.execute('quit')).rejects.toMatchObject(failed(String.raw`GenericError: no\x1b[31m`))
})

test('answers may come in pieces, with events between', async () => {
  const events: string[] = []
  await qemuThat((id) => `{"event": "STOP", "timestamp": {}}\n{"return": {"running": false}, "id": ${id}}\n`)
  using client = await QmpClient.open(path, { onEvent: ({ event }) => events.push(event) })
  const answers = await Promise.all([client.execute('a'), client.execute('b', { x: 1 })])
  expect(answers).toEqual([{ running: false }, { running: false }])
  expect(events).toEqual(['STOP', 'STOP'])
})

test('each domain has its socket', () => {
  expect(qmpSocket(domid(12))).toBe('/run/xen/qmp-libxenstat-12')
})
