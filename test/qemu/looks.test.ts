/** A QEMU that is played by files and a socket: what a look at it finds, and how often it is asked. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type LooksOptions, QemuLooks } from '../../src/qemu/looks.ts'
import { domid } from '../../src/words/ids.ts'

const PID = 7
const DOMID = domid(3)
const RUNNING = { found: 'well', status: 'running', cdroms: [] }

let dir: string
let server: Server | undefined
let asked: number
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tetrarch-looks-'))
  asked = 0
  await mkdir(join(dir, 'proc/7/task/7'), { recursive: true })
  await mkdir(join(dir, 'proc/7/fd'))
  await begins()
})
afterEach(async () => {
  server?.close()
  server = undefined
  await rm(dir, { recursive: true })
})

const path = (name: string) => join(dir, name)
/** A process of this name: its state, and when it began. */
const begins = async (state = 'S', began = 4711, command = `qemu\0-xen-domid\0${DOMID}\0`) => {
  const upTo22 = Array.from({ length: 18 }, () => '0').join(' ')
  await writeFile(path('proc/7/stat'), `7 (qemu (x) 9) ${state} ${upTo22} ${began} 0`)
  await writeFile(path('proc/7/cmdline'), command)
}
const hasSlept = (times: number) =>
  writeFile(path('proc/7/task/7/status'), `Name:\tqemu\nvoluntary_ctxt_switches:\t${times}\n`)

/** Listens as QEMU does; it answers, or takes the connection and says nothing. */
async function listens(how: 'answers' | 'is silent'): Promise<void> {
  server = createServer((socket) => {
    asked += 1
    socket.on('error', () => undefined)
    if (how === 'is silent') return
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n')
    socket.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().trim().split('\n')) {
        const { execute, id } = JSON.parse(line) as { execute: string; id: number }
        const value = { 'query-status': { status: 'running' }, 'query-block': [] }[execute] ?? {}
        socket.write(`${JSON.stringify({ return: value, id })}\r\n`)
      }
    })
  }).listen(path('qmp'))
  await once(server, 'listening')
}

const looks = (more: Partial<LooksOptions> = {}) =>
  new QemuLooks({
    ...{ connectMs: 50, commandMs: 50, askMs: 60_000 },
    ...{ proc: path('proc'), logs: path('logs'), socketOf: () => path('qmp') },
    ...more,
  })
const checkOf = async (all: QemuLooks) => (await all.look(DOMID, PID)).check

describe('one that is seen to work', () => {
  test('is asked once, and not again until its answer is old', async () => {
    await listens('answers')
    const all = looks()
    for (let look = 1; look <= 3; look += 1) {
      await hasSlept(look * 100)
      expect(await checkOf(all)).toEqual(RUNNING)
    }
    expect(asked).toBe(1)
  })

  test('is asked again when its answer is old', async () => {
    await listens('answers')
    const all = looks({ askMs: 0 })
    await hasSlept(100)
    await checkOf(all)
    await hasSlept(200)
    await checkOf(all)
    expect(asked).toBe(2)
  })

  test('is well when another client has its socket', async () => {
    await listens('is silent')
    await hasSlept(100)
    const look = checkOf(looks())
    await once(server as Server, 'connection')
    await hasSlept(200)
    expect(await look).toEqual({ found: 'well', status: null, cdroms: [] })
  })
})

describe('one that seems still', () => {
  test('is asked at every look', async () => {
    await listens('answers')
    const all = looks()
    await hasSlept(100)
    await checkOf(all)
    expect(await checkOf(all)).toEqual(RUNNING)
    expect(asked).toBe(2)
  })

  test('and does not answer is silent', async () => {
    await listens('is silent')
    await hasSlept(100)
    expect(await checkOf(looks())).toMatchObject({ found: 'silent' })
  })

  test('because it was stopped is silent, and nobody asks it', async () => {
    await listens('answers')
    await begins('T')
    expect(await checkOf(looks())).toMatchObject({ found: 'silent', why: expect.stringContaining('SIGSTOP') as string })
    expect(asked).toBe(0)
  })

  test('and cannot be asked, having no socket, is well', async () => {
    await hasSlept(100)
    expect(await checkOf(looks())).toEqual({ found: 'well', status: null, cdroms: [] })
  })
})

describe('one that has gone', () => {
  test.each([
    ['when its process is no more', () => rm(path('proc/7'), { recursive: true })],
    ['when it waits for its parent', () => begins('Z')],
    ['when another program has its number', () => begins('S', 4712, 'bash\0')],
    ['when a QEMU of another guest has its number', () => begins('S', 4712, 'qemu\0-xen-domid\x0033\0')],
  ])('is gone %s, and what it logged is still known', async (_, ends) => {
    await listens('answers')
    await symlink(path('logs/qemu-dm-web.log'), path('proc/7/fd/2'))
    await hasSlept(100)
    const all = looks()
    expect(await all.look(DOMID, PID)).toEqual({ check: RUNNING, log: path('logs/qemu-dm-web.log') })
    await ends()
    expect(await all.look(DOMID, PID)).toEqual({ check: { found: 'gone' }, log: path('logs/qemu-dm-web.log') })
  })

  test('was looked for in vain from the first', async () => {
    await begins('S', 4711, 'bash\0')
    expect(await looks().look(DOMID, PID)).toEqual({ check: { found: 'gone' }, log: null })
  })
})
