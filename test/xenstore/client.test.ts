/** What no real xenstored does on demand; all else is tested against the real ones in test/native/xenstore.test.ts. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { XenstoreClient, type XenstoreOptions } from '../../src/xenstore/client.ts'
import { readDevices } from '../../src/xenstore/devices.ts'
import { xenstorePath as path } from '../../src/xenstore/paths.ts'
import { MessageType } from '../../src/xenstore/wire.ts'
import { domid } from '../../src/words/ids.ts'
import { bytesOf, type Request, type Script, ScriptedXenstored } from './scripted-xenstored.ts'

let daemon: ScriptedXenstored
let client: XenstoreClient

const answer =
  (reply: (request: Request) => string): Script =>
  (request, socket) =>
    socket.write(bytesOf(request.type, request.requestId, reply(request), request.transactionId))
const silence: Script = () => undefined
const clientOf = (options: XenstoreOptions = {}) =>
  (client = new XenstoreClient({ path: daemon.path, connectPauseMaxMs: 10, ...options }))
const failed = { code: 'xenstore-failed' }

beforeEach(async () => {
  daemon = await ScriptedXenstored.create(answer(() => 'value'))
})
afterEach(async () => {
  client.close()
  await daemon[Symbol.asyncDispose]()
})

describe('connecting', () => {
  test('is tried again until xenstored listens', async () => {
    const text = clientOf().readText(path('/a'))
    await new Promise((resolve) => setTimeout(resolve, 30))
    await daemon.listen()
    expect(await text).toBe('value')
  })

  test('is given up at its deadline, with the system’s reason', async () => {
    const reading = clientOf({ connectTimeoutMs: 30 }).readText(path('/a'))
    await expect(reading).rejects.toMatchObject({
      ...failed,
      parts: { why: expect.stringContaining('ENOENT') as string },
    })
  })

  test('is given up at once when the client is closed', async () => {
    const reading = clientOf().readText(path('/a'))
    client.close()
    await expect(reading).rejects.toMatchObject(failed)
    await expect(client.readText(path('/a'))).rejects.toMatchObject(failed)
  })
})

describe('a xenstored that misbehaves', () => {
  beforeEach(() => daemon.listen())

  test('and never answers counts as stuck after the deadline', async () => {
    daemon.script = silence
    const reading = clientOf({ requestTimeoutMs: 20 }).read(path('/a'))
    await expect(reading).rejects.toMatchObject({
      ...failed,
      parts: { why: expect.stringContaining('20 ms') as string },
    })
  })

  test('and hangs up fails all that waits, and nothing that comes later', async () => {
    daemon.script = (_, socket) => {
      if (daemon.requests.length === 3) socket.destroy()
    }
    clientOf()
    const waiting = ['/a', '/b', '/c'].map((each) => client.read(path(each)))
    for (const outcome of await Promise.allSettled(waiting)) expect(outcome.status).toBe('rejected')
    daemon.script = answer(() => 'again')
    expect(await client.readText(path('/a'))).toBe('again')
    expect(daemon.requests).toHaveLength(4)
  })

  test.each([
    ['answers what nobody asked', (request: Request) => bytesOf(request.type, request.requestId + 1, '')],
    ['answers with another type', (request: Request) => bytesOf(MessageType.directory, request.requestId, '')],
    ['answers more than the protocol allows', (request: Request) => bytesOf(2, request.requestId, 'x'.repeat(5000))],
  ])('and %s is not listened to further', async (_, reply) => {
    daemon.script = (request, socket) => socket.write(reply(request))
    await expect(clientOf().read(path('/a'))).rejects.toMatchObject(failed)
  })

  test('may answer out of order', async () => {
    const held: Request[] = []
    daemon.script = (request, socket) => {
      held.push(request)
      if (held.length < 3) return
      for (const each of held.reverse()) socket.write(bytesOf(each.type, each.requestId, `of ${each.text.slice(1, 2)}`))
    }
    clientOf()
    const texts = ['/a', '/b', '/c'].map((each) => client.readText(path(each)))
    expect(await Promise.all(texts)).toEqual(['of a', 'of b', 'of c'])
  })

  test('may name a child that no path can have, and is refused', async () => {
    daemon.script = answer(() => 'good\0b/ad\0')
    await expect(clientOf().directory(path('/a'))).rejects.toMatchObject(failed)
  })
})

describe('a directory in parts', () => {
  const parts =
    (generations: string[]): Script =>
    (request, socket) => {
      if (request.type === MessageType.directory) {
        socket.write(bytesOf(MessageType.error, request.requestId, 'E2BIG\0'))
        return
      }
      const offset = request.text.split('\0')[1]
      const children = offset === '0' ? 'one\0two\0' : offset === '8' ? 'three\0\0' : 'wrong offset'
      socket.write(bytesOf(request.type, request.requestId, `${generations.shift() ?? ''}\0${children}`))
    }
  beforeEach(() => daemon.listen())

  test('is put together', async () => {
    daemon.script = parts(['5', '5'])
    expect(await clientOf().directory(path('/a'))).toEqual(['one', 'two', 'three'])
  })

  test('is begun again when it changed meanwhile', async () => {
    daemon.script = parts(['5', '6', '6', '6'])
    expect(await clientOf().directory(path('/a'))).toEqual(['one', 'two', 'three'])
    expect(daemon.requests.filter(({ type }) => type === MessageType.directoryPart)).toHaveLength(4)
  })

  test('is given up when it never stands still', async () => {
    daemon.script = parts(Array.from({ length: 100 }, (_, index) => String(index)))
    await expect(clientOf().directory(path('/a'))).rejects.toMatchObject(failed)
  })

  test('fails where xenstored has no parts', async () => {
    daemon.script = (request, socket) => {
      const errno = request.type === MessageType.directory ? 'E2BIG' : 'ENOSYS'
      socket.write(bytesOf(MessageType.error, request.requestId, `${errno}\0`))
    }
    await expect(clientOf().directory(path('/a'))).rejects.toMatchObject({
      ...failed,
      parts: { why: 'xenstored answered ENOSYS' },
    })
  })
})

describe('watches', () => {
  const watching: Script = (request, socket) => {
    socket.write(bytesOf(request.type, request.requestId, 'OK\0'))
    if (request.type === MessageType.watch) socket.write(bytesOf(MessageType.watchEvent, 0, request.text))
  }
  beforeEach(async () => {
    daemon.script = watching
    await daemon.listen()
  })

  test('are set again on a new connection and fire again', async () => {
    let fired = 0
    const twice = Promise.withResolvers<undefined>()
    await clientOf().watch(path('/a'), () => {
      fired += 1
      if (fired === 1) daemon.hangUp()
      if (fired === 2) twice.resolve(undefined)
    })
    await twice.promise
    expect(daemon.requests.filter(({ type }) => type === MessageType.watch)).toHaveLength(2)
  })

  test('drop events with a path that cannot be', async () => {
    const seen: string[] = []
    daemon.script = (request, socket) => {
      const token = request.text.split('\0')[1] ?? ''
      socket.write(bytesOf(MessageType.watchEvent, 0, `/a/\x1b[31m\0${token}\0`))
      socket.write(bytesOf(MessageType.watchEvent, 0, `/a/b\0unknown\0`))
      socket.write(bytesOf(request.type, request.requestId, 'OK\0'))
    }
    await clientOf().watch(path('/a'), (changed) => seen.push(changed))
    expect(seen).toEqual([])
  })

  test('whose listener throws do no harm to others', async () => {
    const thrown: unknown[] = []
    const seen: string[] = []
    clientOf({ onListenerError: (error) => thrown.push(error) })
    await client.watch(path('/a'), () => {
      throw new Error('a mistake')
    })
    const fired = Promise.withResolvers<undefined>()
    await client.watch(path('/b'), (changed) => {
      seen.push(changed)
      fired.resolve(undefined)
    })
    await fired.promise
    expect(seen).toEqual(['/b'])
    expect(thrown).toHaveLength(1)
  })
})

describe('transactions', () => {
  beforeEach(() => daemon.listen())
  const ends = () => daemon.requests.filter(({ type }) => type === MessageType.transactionEnd).map(({ text }) => text)
  const start: Script = answer(({ type }) => (type === MessageType.transactionStart ? '42\0' : 'OK\0'))

  test('carry their number in every request and are ended', async () => {
    daemon.script = start
    await clientOf().transaction((within) => within.write(path('/a'), '1'))
    expect(daemon.requests.map(({ type, transactionId }) => [type, transactionId])).toEqual([
      [MessageType.transactionStart, 0],
      [MessageType.write, 42],
      [MessageType.transactionEnd, 42],
    ])
    expect(ends()).toEqual(['T\0'])
  })

  test('are abandoned when their body throws', async () => {
    daemon.script = start
    await expect(clientOf().transaction(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(ends()).toEqual(['F\0'])
  })

  test('cannot be used after their end', async () => {
    daemon.script = start
    const leaked = await clientOf().transaction((within) => Promise.resolve(within))
    await expect(leaked.read(path('/a'))).rejects.toThrow(/after its end/)
  })

  test('do not survive a lost connection', async () => {
    daemon.script = start
    const lost = clientOf().transaction(async (within) => {
      daemon.hangUp()
      await within.read(path('/a'))
    })
    await expect(lost).rejects.toMatchObject(failed)
  })
})

test('devices with a state that Xen does not know have none', async () => {
  await daemon.listen()
  const tree: Record<string, string> = {
    '/libxl/5/device': 'vif\0',
    '/libxl/5/device/vif': '0\0junk\0',
    '/libxl/5/device/vif/0/backend': '/local/domain/0/backend/vif/5/0',
    '/local/domain/0/backend/vif/5/0/state': '4\n',
  }
  daemon.script = (request, socket) => {
    const value = tree[request.text.slice(0, -1)]
    const reply = value === undefined ? ([MessageType.error, 'ENOENT\0'] as const) : ([request.type, value] as const)
    socket.write(bytesOf(reply[0], request.requestId, reply[1]))
  }
  expect(await readDevices(clientOf(), domid(5))).toMatchObject([{ kind: 'vif', devid: 0, state: null, mac: null }])
})
