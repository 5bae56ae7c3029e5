/** Guests that are saved and go on: whatever is cut off, a guest has its domain or its memory, never neither and never both. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isFinished } from '../../../src/api/task.ts'
import type { FaultPoint } from '../../../src/daemon/simulated/faults.ts'
import { fail } from '../../../src/words/errors.ts'
import { type DaemonUnderTest, daemonUnderTest } from '../guests/daemon-under-test.ts'

const WEB = `name = "web"\ntype = "pvh"\nmemory = 128\nkernel = "/vmlinuz"\non_host_shutdown = "save"\n`

let under: DaemonUnderTest
beforeEach(async () => {
  under = await daemonUnderTest()
})
afterEach(async () => {
  await under[Symbol.asyncDispose]()
})

const web = () => under.daemon.guests.get('web')
const files = async () => (await readdir(under.config.paths.saved)).sort()
const begin = (body: object = {}) => under.daemon.guests.create({ name: 'web', paused: false, ...body }, 'test')
const goOn = (body: object = {}) => under.finished(begin(body))
const settled = () =>
  vi.waitFor(() => expect(under.daemon.tasks.list().every(isFinished)).toBe(true), { timeout: 5000, interval: 5 })

async function saved(text = WEB): Promise<void> {
  await under.create(text)
  expect(await under.act('save', 'web')).toMatchObject({ state: 'succeeded' })
}

describe('a saved guest', () => {
  test('has no domain, is shown as saved, and goes on as the same guest', async () => {
    await under.create(WEB)
    const { uuid } = web()
    expect(await under.act('save', 'web')).toMatchObject({ state: 'succeeded' })
    expect(under.host.remains()).toEqual([])
    expect(web()).toMatchObject({
      state: 'saved',
      uuid,
      saved: { goesOnWithHost: false },
      lastEnd: { reason: 'suspend' },
    })
    expect(await files()).toEqual([`${uuid}.json`, `${uuid}.memory`])
    expect(await goOn()).toMatchObject({ state: 'succeeded', problem: null })
    expect(web()).toMatchObject({ state: 'running', uuid, saved: null, mode: { chosen: 'pvh' } })
    expect(await files()).toEqual([])
  })

  test('is found again by the next daemon', async () => {
    await saved()
    await under.startAnew()
    expect(web().state).toBe('saved')
    expect(await goOn({ paused: true })).toMatchObject({ state: 'succeeded' })
    expect(web()).toMatchObject({ state: 'paused', saved: null })
  })

  test.each([
    ['another definition', { name: undefined, definition: { file: '/tmp/test.cfg', text: `${WEB}vcpus = 2\n` } }],
    ['other settings', { overrides: ['memory=256'] }],
    ['another boot entry', { boot: { entry: '1' } }],
  ])('goes on as it was, so %s is refused', async (_, body) => {
    await saved()
    expect(() => begin(body)).toThrow(expect.objectContaining({ code: 'wrong-state' }))
    expect(web().state).toBe('saved')
  })

  test('is forgotten by a destroy, and then starts afresh', async () => {
    await saved()
    expect(await under.act('destroy', 'web')).toMatchObject({ state: 'succeeded' })
    expect(await files()).toEqual([])
    expect(under.daemon.guests.list()).toEqual([])
    expect(await under.create(WEB)).toMatchObject({ state: 'succeeded' })
  })

  test('stays when its definition goes', async () => {
    await under.define('web', WEB)
    await under.startAnew()
    await goOn()
    await under.act('save', 'web')
    await under.daemon.guests.definitions.undefine('web', undefined)
    expect(web()).toMatchObject({ state: 'saved', defined: false })
    expect(await goOn()).toMatchObject({ state: 'succeeded' })
  })

  test('does not go on when a disk of it was changed since', async () => {
    const folder = join(tmpdir(), `tetrarch-disks-${process.pid}`)
    await mkdir(folder, { recursive: true })
    const disk = join(folder, 'web.img')
    await writeFile(disk, 'before')
    await saved(`${WEB}disk = ["${disk},raw,xvda,rw"]\n`)
    await writeFile(disk, 'after it')
    expect(await goOn()).toMatchObject({ state: 'failed', problem: { code: 'wrong-state', where: disk } })
    expect(web().state).toBe('saved')
  })

  test('does not go on twice: memory that was in use is gone when the daemon dies', async () => {
    await saved()
    under.host.hangNext('unpause')
    begin()
    await vi.waitFor(() => expect(under.host.hangs('unpause')).toBe(true))
    await under.startAnew()
    await settled()
    expect(web()).toMatchObject({ state: 'running', saved: null })
    expect(await files()).toEqual([])
  })
})

test('no room for the memory is said before anything is done', async () => {
  await under[Symbol.asyncDispose]()
  under = await daemonUnderTest({}, { saved: { keepFreeMiB: 1_000_000 } })
  await under.create(WEB)
  expect(await under.act('save', 'web')).toMatchObject({ state: 'failed', problem: { code: 'storage-failed' } })
  expect(web()).toMatchObject({ state: 'running', saved: null })
})

/** The guest runs, with nothing kept of it, or is saved, with no domain; and the latter goes on. */
async function expectOneOfBoth(): Promise<void> {
  await settled()
  const { state } = web()
  expect(['running', 'saved']).toContain(state)
  expect(under.host.domains()).toHaveLength(state === 'running' ? 1 : 0)
  expect((await files()).filter((name) => name.endsWith('.memory'))).toHaveLength(state === 'running' ? 0 : 1)
  if (state === 'saved') expect(await goOn()).toMatchObject({ state: 'succeeded' })
}

const points: readonly (readonly ['save' | 'go on', FaultPoint])[] = [
  ['save', 'configuration'],
  ['save', 'save'],
  ['save', 'destroy'],
  ['go on', 'neededMemoryMiB'],
  ['go on', 'restore'],
  ['go on', 'openConsole'],
  ['go on', 'unpause'],
]
/** The console opens soon or not at all, and a destroy that has begun is not cancelled. */
const killable = points.filter(([, point]) => point !== 'openConsole')
const cancellable = killable.filter(([, point]) => point !== 'destroy')

async function beginWith(operation: 'save' | 'go on', arm: () => void) {
  await (operation === 'save' ? under.create(WEB) : saved())
  arm()
  return operation === 'save' ? under.daemon.guests.act('save', 'web', 'test') : begin()
}

describe.each(points)('%s, in the middle of %s', (operation, point) => {
  test('loses its worker', async () => {
    const died = fail('worker-died', { what: 'the worker died' })
    const { id } = await beginWith(operation, () => under.host.failNext(point, died))
    await under.daemon.tasks.wait(id, 5000)
    await expectOneOfBoth()
  })
})

describe.each(killable)('%s, in the middle of %s', (operation, point) => {
  test('loses the daemon', async () => {
    await beginWith(operation, () => under.host.hangNext(point))
    await vi.waitFor(() => expect(under.host.hangs(point)).toBe(true))
    await under.startAnew()
    await expectOneOfBoth()
  })
})

describe.each(cancellable)('%s, in the middle of %s', (operation, point) => {
  test('is cancelled', async () => {
    const { id } = await beginWith(operation, () => under.host.hangNext(point))
    await vi.waitFor(() => expect(under.host.hangs(point)).toBe(true))
    under.daemon.tasks.cancel(id)
    await under.daemon.tasks.wait(id, 5000)
    await expectOneOfBoth()
  })
})

describe('when the host goes down', () => {
  test.each([
    ['save', true],
    ['shutdown-or-save', false],
  ])('a guest with on_host_shutdown="%s" is saved, and goes on at its start', async (policy, obeys) => {
    await under[Symbol.asyncDispose]()
    under = await daemonUnderTest({ behaviour: () => ({ obeys }) })
    await under.create(WEB.replace('"save"', `"${policy}"`))
    expect(await under.finished(under.daemon.guests.stopGuests('test'))).toMatchObject({ state: 'succeeded' })
    expect(web()).toMatchObject({ state: 'saved', saved: { goesOnWithHost: true } })
    await under.startAnew()
    expect(await under.finished(under.daemon.guests.startGuests('test'))).toMatchObject({ state: 'succeeded' })
    expect(web()).toMatchObject({ state: 'running', saved: null })
  })

  test('one that cannot be saved is shut down', async () => {
    await under.create(WEB)
    under.host.failNext('save', fail('libxl-failed', { what: 'libxl_domain_suspend failed' }))
    const task = await under.finished(under.daemon.guests.stopGuests('test'))
    expect(task).toMatchObject({ state: 'succeeded' })
    expect(task.log.join('\n')).toContain('web: not saved: libxl_domain_suspend failed; shut down')
    expect(under.daemon.guests.list()).toEqual([])
  })
})
