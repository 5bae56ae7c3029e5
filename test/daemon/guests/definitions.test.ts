import { chmod, mkdir, readFile, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GuestSpec } from '../../../src/config/guest-spec.ts'
import { domid, uuid } from '../../../src/words/ids.ts'
import { type DaemonUnderTest, daemonUnderTest } from './daemon-under-test.ts'

const WEB = `# the web server\nname = "web"\ntype = "pvh"\nmemory = 128 # MiB\nkernel = "/vmlinuz"\ndisk = ["/srv/web.img,raw,xvda,rw"]\n`

let under: DaemonUnderTest
const begin = async (options: Parameters<typeof daemonUnderTest>[0] = {}) => {
  under = await daemonUnderTest(options)
}
beforeEach(() => begin())
afterEach(() => under[Symbol.asyncDispose]())

const store = () => under.daemon.guests.definitions
const file = (name = 'web') => join(under.config.paths.guests, `${name}.cfg`)
const web = () => under.daemon.guests.get('web')
const define = (text = WEB, more: object = {}) => store().define('web', { text, errors: 'refuse', ...more })
const start = (overrides: string[] = []) =>
  under.finished(under.daemon.guests.create({ name: 'web', overrides, paused: false }, 'test'))
const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 })
const told = async () =>
  (await under.events()).flatMap((event) =>
    event.kind === 'guest.definition' ? [`${event.guest} ${event.change}`] : [],
  )

describe('define', () => {
  test('keeps the text byte for byte, and the guest can be started by its name', async () => {
    const { revision, findings, spec } = await define()
    expect(await readFile(file(), 'utf8')).toBe(WEB)
    expect({ findings, memory: spec?.memoryMiB, known: revision.length > 0 }).toEqual({
      findings: [],
      memory: 128,
      known: true,
    })
    expect(await start()).toMatchObject({ state: 'succeeded' })
    expect(await told()).toEqual(['web defined'])
  })

  test('takes a specification, and keeps it as xl.cfg', async () => {
    const spec = GuestSpec.parse({ name: 'web', mode: 'pvh', memoryMiB: 64, kernel: '/vmlinuz' })
    const kept = await store().define('web', { spec, errors: 'refuse' })
    expect(kept.spec).toEqual(spec)
    expect(await readFile(file(), 'utf8')).toBe('name = "web"\ntype = "pvh"\n\nmemory = 64\n\nkernel = "/vmlinuz"\n')
  })

  test.each([
    ['what does not load', 'name = web\n', 'config-syntax'],
    ['a name that is not that of its file', WEB.replace('"web"', '"www"'), 'config-invalid'],
    ['a mode that cannot have its devices', `${WEB}pci = [ "03:00.0" ]\n`, 'mode-refused'],
    ['more memory than the host has', WEB.replace('128', '99999999'), 'no-memory'],
  ])('refuses %s, and keeps what was there', async (_, text, code) => {
    await define()
    await expect(define(text)).rejects.toMatchObject({ code })
    expect(await readFile(file(), 'utf8')).toBe(WEB)
  })

  test.each(['../evil', '.web', 'a/b', ''])('refuses the name %j', async (name) => {
    await expect(store().define(name, { text: WEB, errors: 'refuse' })).rejects.toMatchObject({ code: 'usage' })
  })

  test('keeps what cannot work here now only if told so', async () => {
    await under[Symbol.asyncDispose]()
    await begin({ exists: (name) => name !== '/srv/web.img' })
    await expect(define()).rejects.toMatchObject({ code: 'file-missing' })
    expect(await define(WEB, { errors: 'accept' })).toMatchObject({ name: 'web' })
  })

  test('of a disk whose own bytes say another format is refused: its guest could read files of the host', async () => {
    await under[Symbol.asyncDispose]()
    await begin({ formatOf: () => 'qcow2' })
    await expect(define()).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/web\.cfg:6:9: xvda is given as raw, and its file is qcow2/) as string,
    })
    expect((await under.create(WEB)).problem).toMatchObject({ code: 'config-invalid', stage: 'check the definition' })
  })

  test.each([
    ['disk', WEB.replace('"web"', '"db"'), 'disk-in-use'],
    ['MAC address', 'name="db"\ntype="pvh"\nmemory=64\nkernel="/k"\nvif=["mac=00:16:3e:00:00:01"]\n', 'already-exists'],
  ])('refuses a second guest with the same %s', async (_, text, code) => {
    await define(`${WEB}vif = ["mac=00:16:3e:00:00:01"]\n`)
    await expect(store().define('db', { text, errors: 'refuse' })).rejects.toMatchObject({ code })
  })

  test("loses nobody's change: what was changed meanwhile is not replaced", async () => {
    const { revision } = await define(WEB, { expect: null })
    await expect(define(WEB.replace('128', '64'), { expect: null })).rejects.toMatchObject({ code: 'already-exists' })
    await writeFile(file(), WEB.replace('128', '256'))
    await expect(define(WEB.replace('128', '64'), { expect: revision })).rejects.toMatchObject({
      code: 'changed-meanwhile',
    })
    expect(await readFile(file(), 'utf8')).toContain('256')
    const { revision: now } = await store().get('web')
    expect(await define(WEB.replace('128', '64'), { expect: now })).toMatchObject({ name: 'web' })
  })

  test('of two at the same moment with the same revision takes one', async () => {
    const { revision } = await define()
    const both = [64, 96].map((memory) => define(WEB.replace('128', String(memory)), { expect: revision }))
    const outcomes = await Promise.allSettled(both)
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('leaves a link a link, and owner and permissions as they are; no draft stays', async () => {
    const real = join(under.config.paths.run, 'elsewhere.cfg')
    await writeFile(real, WEB)
    await chmod(real, 0o600)
    await symlink(real, file())
    await define(WEB.replace('128', '64'))
    expect(await readFile(real, 'utf8')).toContain('memory = 64')
    expect((await stat(real)).mode & 0o777).toBe(0o600)
    expect(await readdir(under.config.paths.guests)).toEqual(['web.cfg'])
  })
})

describe('a file that is changed by hand', () => {
  test('shows what a running guest will have at its next start, which then has it', async () => {
    await define()
    await start()
    expect(web().changes).toEqual([])
    await writeFile(file(), WEB.replace('128 #', '256 # now'))
    await until(() => expect(web().changes).toEqual([{ key: 'memory', before: '128', after: '256' }]))
    expect(web()).toMatchObject({ state: 'running', memoryMiB: 128 })
    under.host.restart(domid(web().domid ?? 0))
    await until(() => expect(web()).toMatchObject({ state: 'running', memoryMiB: 256, changes: [] }))
    expect(await told()).toEqual(['web defined', 'web changed'])
  })

  test('and back again has no changes, and one in whose comments alone something was changed has none', async () => {
    await define()
    await start()
    await writeFile(file(), WEB.replace('128', '256'))
    await until(() => expect(web().changes).toHaveLength(1))
    await writeFile(file(), `# a note\n${WEB}`)
    await until(() => expect(web().changes).toEqual([]))
  })

  test('counts for a halted guest at once, its uuid too', async () => {
    await define()
    const uuid = '11111111-2222-3333-4444-555555555555'
    await writeFile(file(), `${WEB}uuid = "${uuid}"\n`)
    await until(() => expect(web()).toMatchObject({ uuid, state: 'halted' }))
    await start()
    expect(under.host.domains()).toMatchObject([{ uuid }])
  })

  test('and is broken then is said; the guest stays known, and is not started with what it is not', async () => {
    await define()
    await writeFile(file(), 'name = web\n')
    await until(() => expect(web().problem).toMatch(/web\.cfg:1:8: "web" is a word without quotes/))
    expect(web()).toMatchObject({ defined: true, memoryMiB: 128 })
    expect(() => under.daemon.guests.create({ name: 'web', paused: false }, 'test')).toThrow('is a word without quotes')
    await writeFile(file(), WEB)
    await until(() => expect(web().problem).toBeNull())
  })

  test('and was never readable is found by name, and told by the check of all', async () => {
    await writeFile(file('db'), 'name = db\n')
    await until(() => expect(store().problemOf('db')).not.toBeNull())
    expect(() => under.daemon.guests.create({ name: 'db', paused: false }, 'test')).toThrow('is a word without quotes')
    const [db] = await store().list()
    expect(db).toMatchObject({ name: 'db', spec: null })
    expect(db?.findings).toContainEqual(expect.objectContaining({ severity: 'error', rule: 'syntax' }))
  })

  test('is noticed behind a link, also when an editor puts a new file in its place', async () => {
    const elsewhere = join(under.config.paths.state, 'elsewhere')
    await mkdir(elsewhere, { recursive: true })
    const real = join(elsewhere, 'real.cfg')
    await writeFile(real, WEB)
    await symlink(real, file())
    await until(() => expect(web().memoryMiB).toBe(128))
    await writeFile(`${real}.new`, WEB.replace('128', '160'))
    await rename(`${real}.new`, real)
    await until(() => expect(web().memoryMiB).toBe(160))
    await writeFile(real, WEB.replace('128', '192'))
    await until(() => expect(web().memoryMiB).toBe(192))
  })

  test('is noticed when the whole folder went and came back', async () => {
    await define()
    await rm(under.config.paths.guests, { recursive: true })
    await until(() => expect(under.daemon.guests.list()).toEqual([]))
    await mkdir(under.config.paths.guests, { recursive: true })
    await writeFile(file(), WEB)
    await until(() => expect(web().state).toBe('halted'))
  })

  test('is known as changed by a daemon that was started after it', async () => {
    await define()
    await start()
    await writeFile(file(), WEB.replace('128', '256'))
    await under.startAnew()
    expect(web()).toMatchObject({ state: 'running', defined: true, changes: [{ key: 'memory' }] })
  })
})

describe('settings beside a definition', () => {
  test('count for the start and its reboots, and not for the next create', async () => {
    await define()
    await start(['memory = 300', 'extra="single"'])
    expect(web()).toMatchObject({ memoryMiB: 300, changes: [], definition: { text: WEB } })
    under.host.restart(domid(web().domid ?? 0))
    await until(() => expect(web()).toMatchObject({ domid: 2, state: 'running', memoryMiB: 300 }))
    await under.startAnew()
    expect(web()).toMatchObject({
      memoryMiB: 300,
      changes: [],
      definition: { overrides: ['memory = 300', 'extra="single"'] },
    })
    await under.act('destroy', 'web')
    expect(web()).toMatchObject({ state: 'halted', memoryMiB: 128 })
  })

  test('that are wrong are refused with their place', () => {
    const create = () =>
      under.daemon.guests.create(
        { definition: { file: '/a.cfg', text: WEB }, overrides: ['memory=lots'], paused: false },
        'test',
      )
    expect(create).toThrow('command line:1:8: "lots" is a word without quotes')
  })

  test('change what libxl would be given', async () => {
    await define()
    const { libxl } = await under.daemon.guests.plan(
      { name: 'web', overrides: ['memory=300'] },
      AbortSignal.timeout(5000),
    )
    expect(libxl).toMatchObject({ c_info: { name: 'web', type: 'pvh' }, b_info: { target_memkb: 300 * 1024 } })
    expect(under.host.remains()).toEqual([])
  })
})

describe('undefine', () => {
  test('of a halted guest forgets it, and gives its text back', async () => {
    await define()
    expect(await store().undefine('web', undefined)).toMatchObject({ name: 'web', text: WEB })
    expect(under.daemon.guests.list()).toEqual([])
    expect(await told()).toEqual(['web defined', 'web undefined'])
  })

  test('of a running guest lets it run, says so, and it is forgotten when it ends', async () => {
    await define()
    await start()
    expect((await store().undefine('web', undefined)).consequence).toBe(
      '"web" runs on as domain 1; when it ends it is forgotten, and nothing starts it again',
    )
    expect(web()).toMatchObject({ state: 'running', defined: false })
    await under.act('destroy', 'web')
    expect(under.daemon.guests.list()).toEqual([])
  })

  test('does not remove what was changed meanwhile, or what is not there', async () => {
    const { revision } = await define()
    await writeFile(file(), WEB.replace('128', '256'))
    await expect(store().undefine('web', revision)).rejects.toMatchObject({ code: 'changed-meanwhile' })
    await expect(store().undefine('db', undefined)).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('a running domain of xl', () => {
  const theirs = '11111111-2222-4333-8444-555555555555'
  beforeEach(async () => {
    const devices = [
      { kind: 'disk', name: 'xvda', backend: 'phy', target: '/srv/web.img', connected: true, emulation: 'none' },
    ] as const
    under.host.foreign({ name: 'theirs', uuid: uuid(theirs), devices })
    await until(() => expect(under.daemon.guests.get('theirs').devices).toHaveLength(1))
  })

  test('keeps its disk: a guest that would write to it is neither defined nor started', async () => {
    await expect(define()).rejects.toMatchObject({ code: 'disk-in-use' })
    expect((await under.create(WEB)).problem).toMatchObject({ code: 'disk-in-use', stage: 'check the definition' })
  })

  test('keeps its uuid', async () => {
    const text = WEB.replace('web.img', 'other.img')
    await expect(define(`${text}uuid = "${theirs}"\n`)).rejects.toMatchObject({ code: 'already-exists' })
    expect(await define(text)).toMatchObject({ findings: [] })
  })

  test('is no hindrance for the guest that it is, such as before a change from xl', async () => {
    const text = WEB.replaceAll('web', 'theirs').replace('/srv/theirs.img', '/srv/web.img')
    expect(await store().define('theirs', { text, errors: 'refuse' })).toMatchObject({ findings: [] })
  })
})

test('a guest that is described by a specification is started like any other', async () => {
  const spec = GuestSpec.parse({ name: 'web', mode: 'pvh', memoryMiB: 64, kernel: '/vmlinuz' })
  expect(await under.finished(under.daemon.guests.create({ spec, paused: false }, 'test'))).toMatchObject({
    state: 'succeeded',
  })
  expect(web()).toMatchObject({ state: 'running', memoryMiB: 64, defined: false })
})
