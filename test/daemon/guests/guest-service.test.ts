import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EventBody } from '../../../src/api/event.ts'
import { uuid as asUuid, domid } from '../../../src/words/ids.ts'
import { fail } from '../../../src/words/errors.ts'
import { type DaemonUnderTest, daemonUnderTest } from './daemon-under-test.ts'

const WEB = `name = "web"\ntype = "pvh"\nmemory = 128\nkernel = "/vmlinuz"\ndisk = ["/srv/web.img,raw,xvda,rw"]\n`
const definitions = {
  pv: WEB.replace('pvh', 'pv'),
  pvh: WEB,
  hvm: `name = "web"\ntype = "hvm"\nxen_platform_pci = 0\nmemory = 256\ndisk = ["/srv/web.img,raw,hda,rw"]\n`,
  pvhvm: `name = "web"\ntype = "hvm"\nmemory = 256\ndisk = ["/srv/web.img,raw,hda,rw"]\n`,
} as const

let under: DaemonUnderTest
beforeEach(async () => {
  under = await daemonUnderTest()
})
afterEach(async () => {
  await under[Symbol.asyncDispose]()
})

const web = () => under.daemon.guests.get('web')
const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 })
const kinds = async (kind: EventBody['kind']) => (await under.events()).filter((event) => event.kind === kind)
const recordFiles = () => readdir(join(under.config.paths.state, 'domains'))

describe.each(Object.entries(definitions))('a %s guest', (mode, text) => {
  test('starts, is seen as what it was meant to be, and has a device model exactly when its mode has one', async () => {
    expect(await under.create(text)).toMatchObject({ state: 'succeeded', problem: null })
    await until(() => expect(web().mode).toMatchObject({ configured: mode, chosen: mode, observed: mode }))
    expect(web()).toMatchObject({ state: 'running', managed: true, defined: false })
    expect(web().deviceModel !== null).toBe(mode === 'hvm' || mode === 'pvhvm')
  })

  test('leaves nothing behind when it was destroyed', async () => {
    await under.create(text)
    expect(await under.act('destroy', 'web')).toMatchObject({ state: 'succeeded' })
    expect(under.host.remains()).toEqual([])
    expect(await recordFiles()).toEqual([])
    expect(under.daemon.guests.list()).toEqual([])
  })
})

describe('a create', () => {
  test('of a name that runs is refused at once, and nothing is built', async () => {
    await under.create(WEB)
    expect(() =>
      under.daemon.guests.create({ definition: { file: '/b.cfg', text: WEB }, paused: false }, 'test'),
    ).toThrow('the name "web" is in use')
    expect(under.host.remains()).toHaveLength(1)
  })

  test('that fails in libxl is undone, says at which step, and can be tried again', async () => {
    under.host.failNext('build', fail('libxl-failed', { what: 'libxl could not build "web"', evidence: ['libxl: no'] }))
    const task = await under.create(WEB)
    expect(task).toMatchObject({ state: 'failed', problem: { code: 'libxl-failed', stage: 'build the domain' } })
    expect(under.host.remains()).toEqual([])
    expect(await recordFiles()).toEqual([])
    expect(await under.create(WEB)).toMatchObject({ state: 'succeeded' })
  })

  test('of more memory than Xen has says how much is missing', async () => {
    const task = await under.create(WEB.replace('128', '999999'))
    expect(task).toMatchObject({ state: 'failed', problem: { code: 'no-memory', stage: 'check the memory' } })
    expect(under.host.remains()).toEqual([])
  })

  test('that hangs gives way to a destroy', async () => {
    under.host.hangNext('build')
    const { id } = under.daemon.guests.create({ definition: { file: '/a.cfg', text: WEB }, paused: false }, 'test')
    await until(() => expect(under.host.hangs('build')).toBe(true))
    await under.act('destroy', 'web')
    expect(under.daemon.tasks.get(id)).toMatchObject({ state: 'cancelled' })
    expect(under.host.remains()).toEqual([])
    expect(under.daemon.guests.list()).toEqual([])
  })

  test('can leave the guest paused until it is let run', async () => {
    const create = under.daemon.guests.create({ definition: { file: '/a.cfg', text: WEB }, paused: true }, 'test')
    await under.finished(create)
    expect(web().state).toBe('paused')
    await under.act('unpause', 'web')
    expect(web().state).toBe('running')
    await under.act('pause', 'web')
    expect(web().state).toBe('paused')
  })
})

describe('a guest that ends by itself', () => {
  test.each([
    ['powers itself off', 'poweroff', (id: number) => under.host.powerOff(domid(id))],
    ['crashes', 'crash', (id: number) => under.host.crash(domid(id))],
  ])('and %s is seen with its reason and taken away', async (_, reason, end) => {
    await under.create(WEB)
    end(web().domid ?? 0)
    await until(() => expect(under.daemon.guests.list()).toEqual([]))
    expect(await kinds('guest.gone')).toMatchObject([{ guest: 'web', reason }])
    expect(under.host.remains()).toEqual([])
  })

  test('and restarts comes back under a new domid', async () => {
    await under.create(WEB)
    const before = web().domid ?? 0
    under.host.restart(domid(before))
    await until(() => expect(web().domid).toBeGreaterThan(before))
    await until(() => expect(web()).toMatchObject({ state: 'running', lastEnd: { reason: 'reboot' } }))
  })

  test('and is to be preserved is shown as crashed until it is destroyed', async () => {
    await under.create(`${WEB}on_crash = "preserve"\n`)
    under.host.crash(domid(web().domid ?? 0))
    await until(() => expect(web().state).toBe('crashed'))
    await under.act('destroy', 'web')
    expect(under.host.remains()).toEqual([])
  })
})

describe('a guest that does not obey', () => {
  beforeEach(async () => {
    await under[Symbol.asyncDispose]()
    under = await daemonUnderTest({ behaviour: () => ({ obeys: false }) })
  })

  test('makes a shutdown fail with what to do, and is still running', async () => {
    await under.create(WEB)
    const task = await under.act('shutdown', 'web')
    expect(task).toMatchObject({
      state: 'failed',
      problem: { code: 'deadline', fix: expect.stringContaining('tetrarch destroy web') as string },
    })
    expect(web().state).toBe('running')
  })
})

describe('domains of another toolstack', () => {
  const uuid = asUuid('00000000-0000-4000-8000-000000000001')

  test('are shown without being managed, and their end is told', async () => {
    const id = under.host.foreign({ name: 'theirs', uuid })
    await until(() =>
      expect(under.daemon.guests.get('theirs')).toMatchObject({ managed: false, domid: id, state: 'running' }),
    )
    await under.host.vanish(id)
    await until(() => expect(under.daemon.guests.list()).toEqual([]))
    expect(await kinds('guest.gone')).toMatchObject([{ guest: 'theirs', reason: 'destroyed' }])
  })

  test('are not shown any more once we destroyed them', async () => {
    under.host.foreign({ name: 'theirs', uuid })
    await until(() => expect(under.daemon.guests.get('theirs')).toMatchObject({ state: 'running' }))
    expect(await under.act('destroy', 'theirs')).toMatchObject({ state: 'succeeded' })
    expect(under.daemon.guests.list()).toEqual([])
  })

  test('keep their names from ours', async () => {
    under.host.foreign({ name: 'web', uuid })
    await until(() => expect(under.daemon.guests.list()).toHaveLength(1))
    expect(() =>
      under.daemon.guests.create({ definition: { file: '/a.cfg', text: WEB }, paused: false }, 'test'),
    ).toThrow('by a domain of another toolstack')
  })

  test('leave their names to ours at the moment they end', async () => {
    const id = under.host.foreign({ name: 'web', uuid })
    await until(() => expect(under.daemon.guests.list()).toHaveLength(1))
    await under.host.vanish(id)
    expect(await under.create(WEB)).toMatchObject({ state: 'succeeded', problem: null })
    await until(() => expect(under.daemon.guests.list()).toMatchObject([{ name: 'web', managed: true }]))
  })
})

describe('a daemon that was killed', () => {
  test('takes its guests up again: same domid, mode, start time', async () => {
    await under.create(WEB)
    const before = web()
    await under.startAnew()
    expect(web()).toMatchObject({ domid: before.domid, managed: true, startedAt: before.startedAt, mode: before.mode })
    expect((await kinds('daemon.started'))[0]).toMatchObject({ adopted: 1, foreign: 0 })
  })

  test('in the middle of a create removes what was half-made', async () => {
    under.host.hangNext('build')
    under.daemon.guests.create({ definition: { file: '/a.cfg', text: WEB }, paused: false }, 'test')
    await until(() => expect(under.host.hangs('build')).toBe(true))
    await until(() => expect(under.host.domains()).toHaveLength(1))
    await under.startAnew()
    expect(under.host.domains()).toEqual([])
    expect(await recordFiles()).toEqual([])
  })

  test('leaves a damaged record alone and serves the rest', async () => {
    await under.create(WEB)
    await writeFile(join(under.config.paths.state, 'domains', 'broken.json'), '{"version":1,')
    await under.startAnew()
    expect(web().managed).toBe(true)
    expect(await recordFiles()).toContain('broken.json')
  })
})

describe('the guests folder', () => {
  test('is followed: definitions come, change and go', async () => {
    await under.define('web', WEB)
    await until(() => expect(web()).toMatchObject({ state: 'halted', defined: true, memoryMiB: 128 }))
    await under.define('web', WEB.replace('128', '256'))
    await until(() => expect(web().memoryMiB).toBe(256))
  })

  test('gives a guest without a uuid the same one at each start', async () => {
    await under.create(WEB)
    const { uuid } = web()
    await under.act('destroy', 'web')
    await under.create(WEB)
    expect(web().uuid).toBe(uuid)
  })
})
