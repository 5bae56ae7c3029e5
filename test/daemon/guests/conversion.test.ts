import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Task } from '../../../src/api/task.ts'
import type { SimulatedOptions } from '../../../src/daemon/simulated/settings.ts'
import type { ConvertBody } from '../../../src/daemon/guests/conversion/convert.ts'
import { type DaemonUnderTest, daemonUnderTest } from './daemon-under-test.ts'

const PV = '# my guest\nname = "web"\ntype = "pv"\nmemory = 128\ndisk = ["/srv/web.img,raw,xvda,rw"]\nvif = [""]\n'
const PVH = PV.replace('"pv"', '"pvh"')

let under: DaemonUnderTest
afterEach(async () => {
  await under[Symbol.asyncDispose]()
})

async function begin(state: 'running' | 'halted', options: SimulatedOptions = {}, text = PV): Promise<void> {
  under = await daemonUnderTest(options, { conversion: { settleMs: 20 } })
  await under.daemon.guests.definitions.define('web', { text, expect: null, errors: 'refuse' })
  if (state === 'running') await under.finished(under.daemon.guests.create({ name: 'web', paused: false }, 'test'))
}
const begun = (body: Partial<ConvertBody> & Pick<ConvertBody, 'to'>): Task =>
  under.daemon.guests.conversions.convert('web', { trial: false, ...body }, 'test')
const convert = (body: Parameters<typeof begun>[0]): Promise<Task> => under.finished(begun(body))
const file = () => readFile(join(under.config.paths.guests, 'web.cfg'), 'utf8')
const beside = async () => (await readdir(under.config.paths.guests)).filter((name) => name !== 'web.cfg')
const records = () => readdir(join(under.config.paths.state, 'conversions'))
const ended = async (): Promise<Task> => {
  const task = under.daemon.tasks.list().find(({ kind }) => kind === 'convert')
  if (task === undefined) throw new Error('there is no conversion')
  return await under.finished(task)
}
const now = () => {
  const { state, mode } = under.daemon.guests.get('web')
  return { state, chosen: mode.chosen, configured: mode.configured }
}

describe('a conversion that works', () => {
  test('changes only the mode in the text, restarts the guest in it, and keeps the old text beside', async () => {
    await begin('running')
    const { domid } = under.daemon.guests.get('web')
    expect(await convert({ to: 'pvh' })).toMatchObject({ state: 'succeeded', problem: null })
    expect(now()).toEqual({ state: 'running', chosen: 'pvh', configured: 'pvh' })
    expect(under.daemon.guests.get('web').domid).not.toBe(domid)
    expect(await file()).toBe(PVH)
    const [kept = ''] = await beside()
    expect(kept).toMatch(/^web\.cfg\.pv-\d{8}T\d{6}Z$/)
    expect(await readFile(join(under.config.paths.guests, kept), 'utf8')).toBe(PV)
    expect(await records()).toEqual([])
  })

  test('leaves a guest halted that was halted', async () => {
    await begin('halted')
    expect(await convert({ to: 'pvh' })).toMatchObject({ state: 'succeeded' })
    expect(now()).toEqual({ state: 'halted', chosen: null, configured: 'pvh' })
  })

  test('is only proved with --trial: then all is as it was before', async () => {
    await begin('running')
    const task = await convert({ to: 'pvh', trial: true })
    expect(task).toMatchObject({ state: 'succeeded' })
    expect(task.log.join('\n')).toMatch(/it came up in .*trial is over/s)
    expect(now()).toEqual({ state: 'running', chosen: 'pv', configured: 'pv' })
    expect([await file(), await beside(), await records()]).toEqual([PV, [], []])
  })

  test.each(['pvh', 'pvhvm'] as const)('goes on to %s and back to PV', async (to) => {
    await begin('running')
    await convert({ to })
    expect(now()).toMatchObject({ chosen: to })
    expect(await convert({ to: 'pv' })).toMatchObject({ state: 'succeeded' })
    expect(now()).toEqual({ state: 'running', chosen: 'pv', configured: 'pv' })
    expect(await file()).toBe(PV)
  })

  test('waits for the text that shows that the guest is ready', async () => {
    await begin('running')
    expect(await convert({ to: 'pvh', ready: 'TETRARCH' })).toMatchObject({ state: 'succeeded' })
  })
})

describe('a conversion that cannot work changes nothing', () => {
  const nothing = async () => {
    expect([await file(), await beside(), await records()]).toEqual([PV, [], []])
    expect(now()).toEqual({ state: 'running', chosen: 'pv', configured: 'pv' })
  }

  test('because the kernel is for PV only', async () => {
    await begin('running', { kernel: () => ({ version: '3.16', bits: 64, canPv: true, canPvh: false }) })
    const task = await convert({ to: 'pvh' })
    expect(task).toMatchObject({ state: 'failed', problem: { code: 'mode-refused' } })
    expect(task.problem?.why).toContain('PHYS32_ENTRY')
    await nothing()
  })

  test('because the disk has no boot loader of its own', async () => {
    const system = {
      name: null,
      commandLine: '',
      mounts: [],
      biosBoot: false,
      efiBoot: false,
      pvDisk: 'built-in',
      pvNic: 'built-in',
    } as const
    await begin('running', { system: () => system })
    const task = await convert({ to: 'pvhvm' })
    expect(task.problem?.why).toContain('a boot loader of its own')
    await nothing()
  })

  test('because nothing could prove it', async () => {
    await begin('running')
    expect(() => begun({ to: 'hvm' })).toThrow('nothing would show')
    await nothing()
  })
})

describe('everything is put back', () => {
  const isBack = async () => {
    expect([await file(), await beside(), await records()]).toEqual([PV, [], []])
    expect(now()).toEqual({ state: 'running', chosen: 'pv', configured: 'pv' })
    expect(under.host.domains()).toHaveLength(1)
  }
  const asPvh = (libxlType: string) => libxlType === 'pvh'

  test('when the devices do not connect in time, with the console’s last lines', async () => {
    await begin('running', {
      behaviour: ({ libxlType }) => ({ pvDrivers: !asPvh(libxlType) }),
      times: { pvConnectMs: 1 },
    })
    const task = await convert({ to: 'pvh', timeoutMs: 300, ready: 'never said' })
    expect(task).toMatchObject({ state: 'failed', problem: { code: 'deadline', stage: 'wait until it has come up' } })
    expect(task.problem?.why).toContain('its console has not said "never said"')
    expect(task.problem?.evidence?.join('\n')).toContain('console: ')
    await isBack()
  })

  test('when the guest ends while it comes up', async () => {
    await begin('running')
    const task = begun({ to: 'pvh', ready: 'never said' })
    await under.reaches(task, 'wait until it has come up')
    const { domid } = under.daemon.guests.get('web')
    under.host.crash(domid as Parameters<typeof under.host.crash>[0])
    expect(await under.finished(task)).toMatchObject({ state: 'failed', problem: { code: 'guest-died' } })
    await isBack()
  })

  test('when it is cancelled', async () => {
    await begin('running')
    const task = begun({ to: 'pvh', ready: 'never said' })
    await under.reaches(task, 'wait until it has come up')
    under.daemon.tasks.cancel(task.id)
    expect(await under.finished(task)).toMatchObject({ state: 'cancelled' })
    await isBack()
  })

  test('by the next daemon when this one dies while the domain is built', async () => {
    await begin('running')
    under.host.hangNext('build')
    begun({ to: 'pvh' })
    await vi.waitUntil(() => under.host.hangs('build'), { timeout: 5000 })
    await under.startAnew()
    expect(await ended()).toMatchObject({ state: 'succeeded' })
    await isBack()
  })
})
