import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Domid, domid } from '../../../src/words/ids.ts'
import { type DaemonUnderTest, daemonUnderTest } from './daemon-under-test.ts'

const HVM = `name = "web"\ntype = "hvm"\nmemory = 256\ndisk = ["/srv/web.img,raw,hda,rw"]\n`
const RULES = { checkMs: 5, hungChecks: 3, pausedGraceMs: 200 }

let under: DaemonUnderTest
const begin = async (more = '', rules: object = {}): Promise<Domid> => {
  under = await daemonUnderTest({}, { deviceModel: { ...RULES, ...rules } })
  await under.create(HVM + more)
  await until(() => expect(model()?.status).toBe('running'))
  return domid(web().domid ?? 0)
}
afterEach(() => under[Symbol.asyncDispose]())

const web = () => under.daemon.guests.get('web')
const model = () => web().deviceModel
const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 })
const told = async () =>
  (await under.events()).flatMap((event) =>
    event.kind === 'guest.device-model' && event.deviceModel !== null ? [event.deviceModel.health] : [],
  )

test('a QEMU that dies is told once, with its last words, and its guest is left as it is', async () => {
  const id = await begin()
  under.host.deviceModel(id, 'gone')
  await until(() => expect(model()).toMatchObject({ health: 'dead', trouble: 'its process has ended' }))
  expect(model()?.lastWords).toEqual(['qemu: simulated: these are its last words'])
  await new Promise((resolve) => setTimeout(resolve, 10 * RULES.checkMs))
  expect((await told()).filter((health) => health === 'dead')).toHaveLength(1)
  expect(web()).toMatchObject({ state: 'running', domid: id })
})

test('a QEMU that is silent for some looks hangs, and is well again when it answers', async () => {
  const id = await begin()
  under.host.deviceModel(id, 'silent')
  await until(() => expect(model()).toMatchObject({ health: 'hung', trouble: 'its process is stopped' }))
  under.host.deviceModel(id, 'well')
  await until(() => expect(model()).toMatchObject({ health: 'well', trouble: null, lastWords: [] }))
  expect((await told()).slice(-2)).toEqual(['hung', 'well'])
})

test('one that is silent for a moment is left in peace', async () => {
  const id = await begin('', { hungChecks: 1000 })
  under.host.deviceModel(id, 'silent')
  await new Promise((resolve) => setTimeout(resolve, 10 * RULES.checkMs))
  under.host.deviceModel(id, 'well')
  expect(await told()).not.toContain('hung')
})

test('a paused guest may be without its QEMU for a while: other toolstacks end it before they destroy the domain', async () => {
  const id = await begin()
  await under.act('pause', 'web')
  under.host.deviceModel(id, 'gone')
  await new Promise((resolve) => setTimeout(resolve, RULES.pausedGraceMs / 4))
  expect(model()?.health).not.toBe('dead')
  await until(() => expect(model()).toMatchObject({ health: 'dead' }))
})

describe('what follows is as the guest says, or as the daemon is configured', () => {
  test('restart: the guest is back under another domid, and its crash is counted', async () => {
    const before = await begin('on_device_model_failure = "restart"\n')
    under.host.deviceModel(before, 'gone')
    await until(() => expect(web()).toMatchObject({ state: 'running', lastEnd: { reason: 'device-model' } }))
    expect(web().domid).not.toBe(before)
    expect(web().brake).toMatchObject({ crashes: 1 })
    expect(under.host.domains()).toHaveLength(1)
  })

  test('destroy: the guest is gone, also when its QEMU only hangs', async () => {
    const id = await begin('', { onFailure: 'destroy' })
    under.host.deviceModel(id, 'silent')
    await until(() => expect(under.daemon.guests.list()).toEqual([]))
    expect(under.host.remains()).toEqual([])
  })

  test('mark, by the guest’s own word, over a daemon that would destroy', async () => {
    const id = await begin('on_device_model_failure = "mark"\n', { onFailure: 'destroy' })
    under.host.deviceModel(id, 'gone')
    await until(() => expect(model()).toMatchObject({ health: 'dead' }))
    expect(web()).toMatchObject({ state: 'running', domid: id })
  })
})

test('a QEMU that died while no daemon ran is told by the next one', async () => {
  const id = await begin()
  under.host.deviceModel(id, 'gone')
  await under.startAnew()
  await until(() => expect(model()).toMatchObject({ health: 'dead' }))
})

test('while there is no QEMU nothing is looked at, and the next one is', async () => {
  await begin()
  await under.act('destroy', 'web')
  await new Promise((resolve) => setTimeout(resolve, 10 * RULES.checkMs))
  const looks = vi.spyOn(under.host, 'domains')
  await new Promise((resolve) => setTimeout(resolve, 10 * RULES.checkMs))
  expect(looks).not.toHaveBeenCalled()
  looks.mockRestore()
  await under.create(HVM)
  await until(() => expect(model()?.status).toBe('running'))
})
