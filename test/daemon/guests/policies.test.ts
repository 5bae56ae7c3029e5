import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Domid, domid } from '../../../src/words/ids.ts'
import { fail } from '../../../src/words/errors.ts'
import { type DaemonUnderTest, daemonUnderTest } from './daemon-under-test.ts'

const WEB = `name = "web"\ntype = "pvh"\nmemory = 128\nkernel = "/vmlinuz"\ndisk = ["/srv/web.img,raw,xvda,rw"]\n`
const HVM = `name = "web"\ntype = "hvm"\nmemory = 256\ndisk = ["/srv/web.img,raw,hda,rw"]\n`

let under: DaemonUnderTest
beforeEach(async () => {
  under = await daemonUnderTest()
})
afterEach(async () => {
  await under[Symbol.asyncDispose]()
})

const web = () => under.daemon.guests.get('web')
const id = (): Domid => domid(web().domid ?? 0)
const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 })
const names = () => under.daemon.guests.list().map(({ name }) => name)
const settled = () =>
  until(() => expect(under.daemon.tasks.list().every(({ finishedAt }) => finishedAt !== null)).toBe(true))
const isBack = (before: number) =>
  until(() =>
    expect(web()).toMatchObject({
      state: 'running' as const,
      domid: expect.toSatisfy((now: number) => now > before) as number,
    }),
  )
const recordFiles = () => readdir(join(under.config.paths.state, 'domains'))
const dumps = async () => (await readdir(under.config.paths.dumps).catch(() => [])).sort()

describe.each([
  ['on_poweroff', 'poweroff'],
  ['on_reboot', 'reboot'],
  ['on_crash', 'crash'],
  ['on_watchdog', 'watchdog'],
  ['on_soft_reset', 'soft-reset'],
] as const)('%s', (key, reason) => {
  const start = async (action: string, text = WEB) => {
    await under.create(`${text}${key} = "${action}"\n`)
    const before = id()
    under.host.end(before, reason)
    return before
  }

  test('destroy takes the domain away', async () => {
    await start('destroy')
    await until(() => expect(names()).toEqual([]))
    expect(under.host.remains()).toEqual([])
    expect(await recordFiles()).toEqual([])
  })

  test('restart brings the guest back under a new domid', async () => {
    await isBack(await start('restart'))
    expect(web().lastEnd).toMatchObject({ reason })
    expect(under.host.domains()).toHaveLength(1)
  })

  test('preserve keeps the domain until it is destroyed', async () => {
    const before = await start('preserve')
    await until(() => expect(['shutdown', 'crashed']).toContain(web().state))
    expect(web().domid).toBe(before)
    await under.act('destroy', 'web')
    expect(under.host.remains()).toEqual([])
  })

  test('rename-restart keeps the old domain under another name and starts the guest beside it', async () => {
    const before = await start('rename-restart')
    await isBack(before)
    const old = under.daemon.guests.list().find(({ domid }) => domid === before)
    expect(old).toMatchObject({
      name: expect.stringMatching(/^web-\d{8}T\d{6}Z$/) as string,
      kept: 'web',
      managed: true,
    })
    expect(old?.uuid).not.toBe(web().uuid)
    await under.startAnew()
    expect(under.daemon.guests.get(old?.name ?? '')).toMatchObject({ domid: before, kept: 'web' })
    await under.act('destroy', old?.name ?? '')
    expect(web().state).toBe('running')
  })

  test('coredump-destroy writes the core and takes the domain away', async () => {
    await start('coredump-destroy')
    await until(() => expect(names()).toEqual([]))
    const files = await dumps()
    expect(files).toEqual([expect.stringMatching(/^web-\d{8}T\d{6}Z\.core$/)])
    expect(await readFile(join(under.config.paths.dumps, files[0] ?? ''), 'utf8')).toBe('core of web\n')
  })

  test('coredump-restart writes the core and brings the guest back', async () => {
    await isBack(await start('coredump-restart'))
    expect(await dumps()).toHaveLength(1)
  })

  test('soft-reset keeps an HVM domain and lets it go on', async () => {
    const before = await start('soft-reset', HVM)
    await settled()
    await until(() => expect(web()).toMatchObject({ domid: before, state: 'running' }))
    under.host.end(before, reason === 'poweroff' ? 'crash' : 'poweroff')
    await until(() => expect(names()).toEqual([]))
  })

  test('soft-reset starts a PVH guest afresh, which libxl cannot reset', async () => {
    await isBack(await start('soft-reset'))
  })
})

describe('a core dump', () => {
  test('that fails keeps nobody from restarting, and the task says so', async () => {
    under.host.failNext('dumpCore', fail('libxl-failed', { what: 'libxl_domain_core_dump failed' }))
    await under.create(`${WEB}on_crash = "coredump-restart"\n`)
    const before = id()
    under.host.crash(before)
    await isBack(before)
    expect(await dumps()).toEqual([])
    expect(under.daemon.tasks.list()[0]?.log.join('\n')).toContain('no core dump: libxl_domain_core_dump failed')
  })

  test.each([
    ['larger than all may be together', { maxMiB: 100 }, '100 MiB together'],
    ['larger than what is free', { keepFreeMiB: 1_000_000 }, 'are left alone'],
    ['on a host that keeps none', { keep: 0 }, 'keeps 0'],
  ])('%s is not written, with the reason', async (_, limits, reason) => {
    await under[Symbol.asyncDispose]()
    under = await daemonUnderTest({}, { dumps: limits })
    await under.create(`${WEB}on_crash = "coredump-restart"\n`)
    const before = id()
    under.host.crash(before)
    await isBack(before)
    expect(await dumps()).toEqual([])
    expect(under.daemon.tasks.list()[0]?.log.join('\n')).toContain(reason)
  })

  test('makes room by the oldest', async () => {
    await under[Symbol.asyncDispose]()
    under = await daemonUnderTest({}, { dumps: { keep: 1 } })
    await under.create(`${WEB}on_crash = "coredump-destroy"\n`)
    under.host.crash(id())
    await until(() => expect(names()).toEqual([]))
    const [first] = await dumps()
    await under.create(WEB.replace('"web"', '"other"') + 'on_crash = "coredump-destroy"\n')
    under.host.crash(domid(under.daemon.guests.get('other').domid ?? 0))
    await until(() => expect(names()).toEqual([]))
    expect(await dumps()).toEqual([expect.stringContaining('other-')])
    expect(first).toContain('web-')
  })
})

describe('rename-restart', () => {
  test('keeps only so many ended domains of one guest', async () => {
    await under.create(`${WEB}on_crash = "rename-restart"\n`)
    for (let crashes = 0; crashes < 3; crashes++) {
      const before = id()
      under.host.crash(before)
      await isBack(before)
      await settled()
    }
    expect(under.host.domains()).toHaveLength(1 + under.config.guests.keptDomains)
  })
})

describe('a guest that crashes again and again', () => {
  const crashUntilLeftHalted = async () => {
    for (let crashes = 0; crashes <= under.config.guests.crashLoopRestarts; crashes++) {
      const before = id()
      under.host.crash(before)
      await until(() => expect(web().domid !== before && ['running', 'halted'].includes(web().state)).toBe(true))
    }
  }

  test('restarts after ever longer pauses and is left halted in the end, with its last words', async () => {
    await under.create(`${WEB}on_crash = "restart"\n`)
    await crashUntilLeftHalted()
    expect(web()).toMatchObject({
      state: 'halted',
      lastEnd: { reason: 'crash' },
      brake: { crashes: under.config.guests.crashLoopRestarts + 1, restartsAt: null },
    })
    expect(web().consoleTail.join('\n')).toContain('Kernel panic')
    expect(under.daemon.tasks.list()[0]?.log.join('\n')).toContain('console: Kernel panic')
    expect(await recordFiles()).toEqual([])
  })

  test('begins anew when it is started on purpose', async () => {
    await under.define('web', `${WEB}on_crash = "restart"\n`)
    await until(() => expect(names()).toEqual(['web']))
    await under.finished(under.daemon.guests.create({ name: 'web', paused: false }, 'test'))
    await crashUntilLeftHalted()
    await under.finished(under.daemon.guests.create({ name: 'web', paused: false }, 'test'))
    expect(web()).toMatchObject({ state: 'running', brake: null })
    const before = id()
    under.host.crash(before)
    await isBack(before)
  })

  test('is forgotten by a destroy when no file defines it', async () => {
    await under.create(`${WEB}on_crash = "restart"\n`)
    await crashUntilLeftHalted()
    expect(await under.act('destroy', 'web')).toMatchObject({ state: 'succeeded' })
    expect(names()).toEqual([])
  })

  test('can be destroyed while it waits for its restart', async () => {
    await under[Symbol.asyncDispose]()
    under = await daemonUnderTest({}, { guests: { restartPauseMs: 60_000 } })
    await under.create(`${WEB}on_crash = "restart"\n`)
    under.host.crash(id())
    await until(() => expect(under.daemon.tasks.list()[0]?.stage).toBe('pause before the restart'))
    expect(web().brake).toMatchObject({ crashes: 1 })
    expect(await under.act('destroy', 'web')).toMatchObject({ state: 'succeeded' })
    expect(names()).toEqual([])
    expect(await recordFiles()).toEqual([])
  })
})

describe('a reboot', () => {
  test('keeps a disk that was attached while the guest ran', async () => {
    await under.create(WEB)
    const before = id()
    under.host.attach(before, {
      kind: 'disk',
      name: 'xvdb',
      backend: 'phy',
      target: '/srv/more.img',
      connected: true,
      emulation: 'none',
    })
    under.host.restart(before)
    await isBack(before)
    expect(web().devices.map(({ name }) => name)).toEqual(['xvda', 'xvdb'])
  })

  test('applies a definition that was changed meanwhile', async () => {
    await under.define('web', WEB)
    await until(() => expect(names()).toEqual(['web']))
    await under.finished(under.daemon.guests.create({ name: 'web', paused: false }, 'test'))
    await under.define('web', WEB.replace('128', '192'))
    const before = id()
    await under.act('reboot', 'web')
    await isBack(before)
    expect(web().memoryMiB).toBe(192)
  })

  test.each(['destroy the domain', 'build the domain'] as const)(
    'that is cut off at "%s" by a daemon that stops is finished by the next one',
    async (step) => {
      await under.create(WEB)
      const before = id()
      const point = step === 'build the domain' ? 'build' : 'destroy'
      under.host.hangNext(point)
      under.host.restart(before)
      await until(() => expect(under.host.hangs(point)).toBe(true))
      await under.startAnew()
      await isBack(before)
      expect(under.host.domains()).toHaveLength(1)
    },
  )
})
