import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Task } from '../../../src/api/task.ts'
import { fail } from '../../../src/words/errors.ts'
import { type DaemonUnderTest, daemonUnderTest } from '../guests/daemon-under-test.ts'

const template = (prepare: number, settings = '') =>
  `name = "web"\ntype = "pvh"\nmemory = 128\nkernel = "/vmlinuz"\nprepare = ${prepare}\n${settings}`
const DISK = 'disk=["/srv/web7.img,raw,xvda,rw"]'

let under: DaemonUnderTest
beforeEach(async () => {
  under = await daemonUnderTest()
})
afterEach(async () => {
  await under[Symbol.asyncDispose]()
})

const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 })
const prepared = async () => (await under.daemon.guests.hostSummary()).prepared
const areReady = (ready: number, wanted = ready) =>
  vi.waitFor(async () => expect(await prepared()).toEqual([{ template: 'web', ready, wanted }]), { timeout: 5000 })
const make = (name: string, ...overrides: string[]): Task =>
  under.daemon.guests.create({ name, from: 'web', overrides, paused: false }, 'test')
const made = async (name: string, ...overrides: string[]) => {
  const task = await under.finished(make(name, ...overrides))
  expect(task).toMatchObject({ state: 'succeeded', problem: null })
  return task
}
const prepares = () => under.daemon.tasks.list().filter(({ kind }) => kind === 'prepare')
const idle = () =>
  until(() => expect(under.daemon.tasks.list().every(({ finishedAt }) => finishedAt !== null)).toBe(true))

describe('a template with prepare=2', () => {
  beforeEach(async () => {
    await under.define('web', template(2))
    await areReady(2)
  })

  test('has two paused domains, which no list of guests shows', () => {
    expect(under.host.domains()).toMatchObject([{ state: 'paused' }, { state: 'paused' }])
    expect(under.daemon.guests.list()).toMatchObject([{ name: 'web', domid: null }])
  })

  test('gives one to a guest, with its own name and devices, and has another one built', async () => {
    const [first] = under.host.domains()
    const { log } = await made('web7', DISK)
    expect(log.join('\n')).toContain('was built ahead of it')
    expect(under.daemon.guests.get('web7')).toMatchObject({
      state: 'running',
      domid: first?.domid,
      uuid: first?.uuid,
      devices: [{ kind: 'disk', name: 'xvda', target: '/srv/web7.img' }],
    })
    await areReady(2)
    expect(under.host.domains()).toHaveLength(3)
  })

  test('the guest keeps its uuid over a reboot, and vanishes with its domain', async () => {
    await made('web7', DISK)
    const { uuid, domid } = under.daemon.guests.get('web7')
    await under.act('reboot', 'web7')
    await until(() => expect(under.daemon.guests.get('web7').domid).toBeGreaterThan(domid ?? 0))
    expect(under.daemon.guests.get('web7')).toMatchObject({ uuid, devices: [{ target: '/srv/web7.img' }] })
    await under.act('destroy', 'web7')
    expect(under.daemon.guests.list().map(({ name }) => name)).toEqual(['web'])
  })

  test('the next daemon has them, and gives them away', async () => {
    await made('web7', DISK)
    await areReady(2)
    const before = under.host.domains().map(({ domid }) => domid)
    await under.startAnew()
    await areReady(2)
    expect(under.host.domains().map(({ domid }) => domid)).toEqual(before)
    expect(under.daemon.guests.get('web7').state).toBe('running')
    await made('web8')
    expect(before).toContain(under.daemon.guests.get('web8').domid)
  })

  test.each([
    ['another memory', template(2).replace('128', '256'), 256],
    ['another text', `${template(2)}# changed\n`, 128],
  ])('a definition with %s has all of them built anew', async (_, text, memoryMiB) => {
    const before = under.host.domains().map(({ domid }) => domid)
    await under.define('web', text)
    await until(() => expect(under.host.domains().every(({ domid }) => !before.includes(domid))).toBe(true))
    await areReady(2)
    expect(under.host.domains()).toMatchObject([{ memoryMiB }, { memoryMiB }])
  })

  test.each([0, 1])('prepare=%i leaves as many', async (count) => {
    await under.define('web', template(count))
    await until(() => expect(under.host.domains()).toHaveLength(count))
  })

  test('a guest that fails to get its devices leaves nothing behind', async () => {
    under.host.failNext('equip', fail('libxl-failed', { what: 'libxl_device_disk_add failed' }))
    expect(await under.finished(make('web7', DISK))).toMatchObject({
      state: 'failed',
      problem: { code: 'libxl-failed', stage: 'give it its name and devices' },
    })
    await areReady(2)
    await idle()
    expect(under.host.domains()).toHaveLength(2)
    expect(under.daemon.guests.list().map(({ name }) => name)).toEqual(['web'])
  })

  test('a guest whose disk is not there gives its domain back', async () => {
    const before = under.host.domains().map(({ domid }) => domid)
    under.host.failNext('checkResources', fail('file-missing', { what: 'there is no file /srv/web7.img' }))
    expect(await under.finished(make('web7', DISK))).toMatchObject({ problem: { code: 'file-missing' } })
    await areReady(2)
    expect(under.host.domains().map(({ domid }) => domid)).toEqual(before)
  })

  test('a daemon that dies while a guest gets its devices leaves neither half a guest nor a domain', async () => {
    under.host.hangNext('equip')
    make('web7', DISK)
    await until(() => expect(under.host.hangs('equip')).toBe(true))
    await under.startAnew()
    await areReady(2)
    expect(under.host.domains()).toHaveLength(2)
    expect(under.daemon.guests.list().map(({ name }) => name)).toEqual(['web'])
  })

  test.each([
    ['memory=256', 'memory'],
    ['kernel="/other"', 'kernel'],
    ['cmdline="single"', 'cmdline'],
    ['vcpus=2', 'vcpus'],
    ['uuid="11111111-2222-3333-4444-555555555555"', 'uuid'],
  ])('%s is refused, with what it is in the template', (override, key) => {
    expect(() => make('web7', override)).toThrow(`"${key}" cannot differ from that of "web"`)
  })

  test('a disk that only a QEMU serves is refused, and the domain stays', async () => {
    const task = await under.finished(make('web7', 'disk=["/srv/web7.qcow2,qcow2,xvda,rw"]'))
    expect(task).toMatchObject({ problem: { code: 'config-invalid', what: expect.stringContaining('web7') as string } })
    await areReady(2)
  })

  test('the name of a defined guest is refused', async () => {
    await under.define('db', 'name = "db"\ntype = "pvh"\nkernel = "/vmlinuz"\n')
    await until(() => expect(under.daemon.guests.list().map(({ name }) => name)).toContain('db'))
    expect(() => make('db')).toThrow('a guest "db" is defined')
  })

  test('a guest that needs their memory gets it', async () => {
    const { freeMemoryMiB } = await under.host.facts()
    const text = `name = "big"\ntype = "pvh"\nmemory = ${freeMemoryMiB}\nkernel = "/vmlinuz"\n`
    const { state, log } = await under.create(text)
    expect(state).toBe('succeeded')
    expect(log.join('\n')).toMatch(/web\+\w{8}, built ahead, is taken apart for its 128 MiB/)
    await until(() => expect(under.host.domains().some(({ memoryMiB }) => memoryMiB === freeMemoryMiB)).toBe(true))
    await idle()
    await under.act('destroy', 'big')
    await areReady(2)
  })

  test('one that another toolstack destroyed is built again', async () => {
    const [first] = under.host.domains()
    if (first === undefined) throw new Error('there is none')
    await under.host.vanish(first.domid)
    await under.create('name = "db"\ntype = "pvh"\nkernel = "/vmlinuz"\n')
    await areReady(2)
  })

  test('the stop of all guests takes them apart, and the start of all brings them back', async () => {
    await under.finished(under.daemon.guests.stopGuests('test'))
    expect(under.host.domains()).toEqual([])
    await under.finished(under.daemon.guests.startGuests('test'))
    await areReady(2)
  })
})

test('a guest made after a template without prepare is built as any other', async () => {
  await under.define('web', template(0))
  await until(() => expect(under.daemon.guests.list()).toHaveLength(1))
  const { log } = await made('web7', DISK)
  expect(log.join('\n')).not.toContain('built ahead')
  expect(under.daemon.guests.get('web7')).toMatchObject({ state: 'running', devices: [{ target: '/srv/web7.img' }] })
})

test.each([
  ['a PC', 'type = "hvm"', /QEMU emulates the hardware/],
  ['a device of the host', 'type = "pv"\nusbctrl = ["type=pv,version=2,ports=4"]', /only one guest can have/],
])('%s cannot be built ahead, and it is said once', async (_, settings, why) => {
  await under.define('web', template(1).replace('type = "pvh"', settings))
  await until(() => expect(prepares()).toMatchObject([{ state: 'failed', problem: { code: 'config-invalid' } }]))
  expect(prepares()[0]?.problem?.why).toMatch(why)
  await under.create('name = "db"\ntype = "pvh"\nkernel = "/vmlinuz"\n')
  await idle()
  expect(prepares()).toHaveLength(1)
})

test('memory that is to be left alone is left alone', async () => {
  await under[Symbol.asyncDispose]()
  under = await daemonUnderTest({}, { prepared: { keepFreeMiB: 100_000 } })
  await under.define('web', template(1))
  await until(() => expect(prepares()).toMatchObject([{ state: 'failed', problem: { code: 'no-memory' } }]))
  expect(under.host.domains()).toEqual([])
})
