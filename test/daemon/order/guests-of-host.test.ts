import { connect, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Task } from '../../../src/api/task.ts'
import { fail } from '../../../src/words/errors.ts'
import { domid, uuid } from '../../../src/words/ids.ts'
import { type DaemonUnderTest, daemonUnderTest } from '../guests/daemon-under-test.ts'

let under: DaemonUnderTest
beforeEach(async () => {
  under = await daemonUnderTest({}, { order: { lookMs: 5, readyMs: 2000 } })
})
afterEach(async () => {
  await under[Symbol.asyncDispose]()
})

const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 })
const define = async (name: string, more = 'autostart = 1') => {
  await under.define(name, `name = "${name}"\ntype = "pvh"\nmemory = 64\nkernel = "/vmlinuz"\n${more}\n`)
  await until(() => expect(under.daemon.guests.list().some((guest) => guest.name === name)).toBe(true))
}
const start = () => under.finished(under.daemon.guests.startGuests('test'))
const stop = () => under.finished(under.daemon.guests.stopGuests('test'))
const stateOf = (name: string) => under.daemon.guests.get(name).state
/** When each of these tasks began and ended, in the order in which it happened. */
const tasksOf = async (kind: Task['kind']) =>
  (await under.events()).flatMap((event) =>
    event.kind === 'task' && event.operation === kind && (event.state === 'succeeded' || event.state === 'queued')
      ? [`${event.guest} ${event.state === 'queued' ? 'begins' : 'is done'}`]
      : [],
  )

describe('when the host starts', () => {
  test('the guests with autostart start, each after those that it names, and the others do not', async () => {
    await define('web', 'autostart = 1\nstart_after = "db"')
    await define('db')
    await define('idle', '')
    expect(await start()).toMatchObject({ state: 'succeeded', guest: '*', log: ['db: started', 'web: started'] })
    expect(await tasksOf('create')).toEqual(['db begins', 'db is done', 'web begins', 'web is done'])
    expect(stateOf('idle')).toBe('halted')
  })

  test('one that runs already is left as it is', async () => {
    await define('db')
    await start()
    const { domid: before } = under.daemon.guests.get('db')
    expect(await start()).toMatchObject({ state: 'succeeded' })
    expect(under.daemon.guests.get('db').domid).toBe(before)
  })

  test('one that fails is told of with its reason, and keeps no other from starting', async () => {
    await define('web', 'autostart = 1\nstart_after = "db"')
    await define('db')
    under.host.failNext('build', fail('libxl-failed', { what: 'libxl could not build it', why: 'a test says so' }))
    const task = await start()
    expect(task).toMatchObject({ state: 'failed', problem: { code: 'not-all' } })
    expect(task.problem?.evidence).toEqual(['db: libxl could not build it: a test says so'])
    expect(stateOf('web')).toBe('running')
  })

  test('those of a cycle are not started, and the cycle is shown', async () => {
    await define('a', 'autostart = 1\nstart_after = "b"')
    await define('b', 'autostart = 1\nstart_after = "a"')
    const task = await start()
    expect(task.problem?.evidence?.join('\n')).toContain('a → b → a')
    expect(under.host.domains()).toEqual([])
  })

  test('no more are built at the same time than is configured', async () => {
    await using few = await daemonUnderTest({}, { order: { parallel: 1 } })
    for (const name of ['a', 'b'])
      await few.define(name, `name = "${name}"\ntype = "pvh"\nmemory = 64\nkernel = "/vmlinuz"\nautostart = 1\n`)
    await until(() => expect(few.daemon.guests.list()).toHaveLength(2))
    few.host.hangNext('build')
    few.daemon.guests.startGuests('test')
    await until(() => expect(few.host.hangs('build')).toBe(true))
    expect(few.daemon.tasks.list().filter(({ kind }) => kind === 'create')).toHaveLength(1)
  })

  test.each([
    ['its devices', 'devices', () => Promise.resolve()],
    ['a word on its console', 'console:Run /init', () => Promise.resolve()],
    [
      'a node in xenstore',
      'xenstore:data/ready',
      () => until(() => under.host.writeAsGuest(domid(under.daemon.guests.get('db').domid ?? 0), 'data/ready', '1')),
    ],
  ])('those that come after wait for %s', async (_, ready, act) => {
    await define('db', `autostart = 1\nready = "${ready}"`)
    await define('web', 'autostart = 1\nstart_after = "db"')
    const task = under.daemon.guests.startGuests('test')
    await until(() => expect(stateOf('db')).toBe('running'))
    await act()
    expect(await under.finished(task)).toMatchObject({ state: 'succeeded' })
    expect(stateOf('web')).toBe('running')
  })

  test('those that come after wait for a TCP port to answer', async () => {
    const server = createServer((socket) => socket.end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await define('db', `autostart = 1\nready = "tcp:127.0.0.1:${port}"`)
    expect(await start()).toMatchObject({ state: 'succeeded' })
    await new Promise((resolve) => server.close(resolve))
    expect(await new Promise((resolve) => connect(port, '127.0.0.1').once('error', () => resolve('closed')))).toBe(
      'closed',
    )
  })

  test('one that is not ready in its time is told of, and those that come after start all the same', async () => {
    await define('db', 'autostart = 1\nready = "xenstore:data/ready"\nready_timeout = 1')
    await define('web', 'autostart = 1\nstart_after = "db"')
    const task = await start()
    expect(task.problem?.evidence).toEqual([
      'db: it runs, but is not ready: it did not write data/ready into xenstore within 1 s',
    ])
    expect(stateOf('web')).toBe('running')
  })
})

describe('when the host stops', () => {
  test('guests are shut down in the reverse order', async () => {
    await define('web', 'autostart = 1\nstart_after = "db"')
    await define('db')
    await start()
    expect(await stop()).toMatchObject({ state: 'succeeded', log: ['web: shut down', 'db: shut down'] })
    expect(under.host.remains()).toEqual([])
  })

  test('none comes back by its on_poweroff', async () => {
    await define('db', 'autostart = 1\non_poweroff = "restart"')
    await start()
    expect(await stop()).toMatchObject({ log: ['db: shut down'] })
    expect(stateOf('db')).toBe('halted')
    await start()
    expect(stateOf('db')).toBe('running')
  })

  test('one that does not obey is destroyed when its time is over', async () => {
    await using deaf = await daemonUnderTest({ behaviour: () => ({ obeys: false }) })
    await deaf.create('name = "deaf"\ntype = "pvh"\nmemory = 64\nkernel = "/vmlinuz"\n')
    const task = await deaf.finished(deaf.daemon.guests.stopGuests('test'))
    expect(task).toMatchObject({ state: 'succeeded' })
    expect(task.log.join()).toContain('destroyed, since it did not shut down')
    expect(deaf.host.remains()).toEqual([])
  })

  test('a paused one is let run, so that it can shut down', async () => {
    await define('db')
    await start()
    await under.act('pause', 'db')
    expect(await stop()).toMatchObject({ log: ['db: shut down'] })
  })

  test('domains of other toolstacks are left alone', async () => {
    under.host.foreign({ name: 'theirs', uuid: uuid('3e3ff3c5-3f5a-4b0e-8b6e-000000000001') })
    await until(() => expect(under.daemon.guests.list()).toHaveLength(1))
    expect(await stop()).toMatchObject({ state: 'succeeded', log: [] })
    expect(under.host.domains()).toHaveLength(1)
  })
})
