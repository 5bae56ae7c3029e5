import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { uuid as asUuid, domid } from '../../../src/words/ids.ts'
import { type DaemonUnderTest, daemonUnderTest } from './daemon-under-test.ts'

const WEB = `name = "web"\ntype = "pvh"\nmemory = 128\nkernel = "/vmlinuz"\n`

let under: DaemonUnderTest
beforeEach(async () => {
  under = await daemonUnderTest()
})
afterEach(async () => {
  await under[Symbol.asyncDispose]()
})

const web = () => under.daemon.guests.get('web')
const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 })
const folder = () => join(under.config.paths.state, 'domains')
const recordFile = async () => join(folder(), (await readdir(folder()))[0] ?? '')
const recordNow = async () => JSON.parse(await readFile(await recordFile(), 'utf8')) as object
const rewrite = async (changes: object) =>
  writeFile(await recordFile(), JSON.stringify({ ...(await recordNow()), ...changes }))

describe('a new daemon', () => {
  test('lets run what an earlier one had built and not let run', async () => {
    under.host.hangNext('unpause')
    under.daemon.guests.create({ definition: { file: '/a.cfg', text: WEB }, paused: false }, 'test')
    await until(() => expect(under.host.hangs('unpause')).toBe(true))
    await under.startAnew()
    await until(() => expect(web().state).toBe('running'))
  })

  test('leaves paused what was to stay paused', async () => {
    await under.finished(
      under.daemon.guests.create({ definition: { file: '/a.cfg', text: WEB }, paused: true }, 'test'),
    )
    await under.startAnew()
    expect(web().state).toBe('paused')
    expect(under.daemon.tasks.list()).toEqual([])
  })

  test('finishes a destroy that was cut off', async () => {
    await under.create(WEB)
    under.host.hangNext('destroy')
    under.daemon.guests.act('destroy', 'web', 'test')
    await until(() => expect(under.host.hangs('destroy')).toBe(true))
    await vi.waitFor(async () => expect(await recordNow()).toMatchObject({ phase: 'ending' }), { timeout: 5000 })
    await under.startAnew()
    expect(under.host.remains()).toEqual([])
    expect(under.daemon.guests.list()).toEqual([])
  })

  test('takes a domain that another toolstack made meanwhile, of the same uuid, for that of another', async () => {
    await under.create(WEB)
    const { uuid, domid: before } = web()
    await rewrite({ domid: 31_000 })
    await under.startAnew()
    expect(under.daemon.guests.list()).toMatchObject([{ domid: before, uuid, managed: false }])
    expect(await readdir(folder())).toEqual([])
  })

  test('does not remove a domain that has run, whatever an unfinished create says', async () => {
    await under.create(WEB)
    await rewrite({ phase: 'building', domid: null })
    await until(() => expect(under.host.domains()[0]?.cpuTimeSeconds).toBeGreaterThan(0))
    await under.startAnew()
    expect(under.daemon.guests.list()).toMatchObject([{ state: 'running', managed: false }])
  })

  test('reads the records of an earlier version', async () => {
    await under.create(WEB)
    await rewrite({ version: 1, then: undefined, kept: undefined, carried: undefined })
    await under.startAnew()
    expect(web()).toMatchObject({ managed: true, state: 'running' })
  })

  test('forgets what ran before the host was started anew', async () => {
    await under.create(WEB)
    await rewrite({ bootId: 'another' })
    await under.host.vanish(domid(web().domid ?? 0))
    await under.startAnew()
    expect(under.daemon.guests.list()).toEqual([])
    expect(await readdir(folder())).toEqual([])
  })

  test('takes the definition on disk for the next start, and the one it was started from for what runs', async () => {
    await under.define('web', WEB)
    await until(() => expect(web().defined).toBe(true))
    await under.finished(under.daemon.guests.create({ name: 'web', paused: false }, 'test'))
    await writeFile(join(under.config.paths.guests, 'web.cfg'), WEB.replace('128', '256'))
    await under.startAnew()
    expect(web().definition?.text).toContain('memory = 128')
    await under.act('destroy', 'web')
    expect(web().definition?.text).toContain('memory = 256')
  })
})

describe('another toolstack', () => {
  test('that renames a domain of ours does not take it from us', async () => {
    await under.create(WEB)
    const id = domid(web().domid ?? 0)
    under.host.rename(id, 'elsewhere')
    await until(() => expect(web().warnings.join()).toContain('elsewhere'))
    expect(web()).toMatchObject({ name: 'web', managed: true, domid: id })
    expect(await under.act('shutdown', 'web')).toMatchObject({ state: 'succeeded' })
  })

  test('that destroys a domain of ours ends the guest, and nothing else', async () => {
    under.host.foreign({ name: 'theirs', uuid: asUuid('00000000-0000-4000-8000-000000000001') })
    await under.create(WEB)
    await under.host.vanish(domid(web().domid ?? 0))
    await until(() => expect(under.daemon.guests.list().map(({ name }) => name)).toEqual(['theirs']))
    await vi.waitFor(async () => expect(await readdir(folder())).toEqual([]), { timeout: 5000 })
  })
})

describe('a state folder in which nothing can be written', () => {
  /** A folder where the draft of a file would be makes its writing fail, as a full disk does. */
  const block = async (which: 'domains' | 'modes', id: string) =>
    mkdir(join(under.config.paths.state, which, `${id}.json.new`), { recursive: true })
  const idOfWeb = async () => {
    await under.create(WEB)
    const { uuid: id } = web()
    await under.act('destroy', 'web')
    return id
  }

  test('fails the next start before anything is built, and says where', async () => {
    const id = await idOfWeb()
    await block('domains', id)
    expect(await under.create(WEB)).toMatchObject({
      state: 'failed',
      problem: { code: 'storage-failed', stage: 'record the start', where: join(folder(), `${id}.json`) },
    })
    expect(under.host.remains()).toEqual([])
  })

  test('lets a guest start whose mode cannot be remembered, and says so', async () => {
    await block('modes', await idOfWeb())
    const task = await under.create(WEB)
    expect(task).toMatchObject({ state: 'succeeded' })
    expect(task.log.join('\n')).toContain('the mode cannot be remembered')
  })
})
