import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Guest } from '../../src/api/guest.ts'
import { fail } from '../../src/words/errors.ts'
import { uuid } from '../../src/words/ids.ts'
import { type ServedDaemon, WEB, serveDaemon } from '../daemon/http/served-daemon.ts'
import { type Ran, runCli, runInTerminal } from './run-cli.ts'

let served: ServedDaemon
let folder: string
beforeEach(async () => {
  served = await serveDaemon()
  folder = await mkdtemp(join(tmpdir(), 'tetrarch-cli-'))
  await writeFile(join(folder, 'web.cfg'), WEB)
})
afterEach(async () => {
  await served.stop()
  await rm(folder, { recursive: true })
})

const cli = (...args: string[]): Promise<Ran> => runCli(args, { socket: served.sockets.full, cwd: folder })
const guests = () => served.client.call('guests', {})
const build = () => served.ask('POST', '/v1/guests?wait=5000', { definition: { file: '/tmp/web.cfg', text: WEB } })

describe('create', () => {
  test('builds from a file and says what the guest runs as', async () => {
    expect(await cli('create', 'web.cfg')).toEqual({
      status: 0,
      stdout: 'web: running, domain 1, built as pvh\n',
      stderr: '',
    })
  })

  test('--from makes a guest after a defined one, under its own name and with its own disks', async () => {
    await writeFile(join(served.config.paths.guests, 'web.cfg'), `${WEB}prepare = 1\n`)
    await vi.waitFor(async () => expect((await cli('host')).stdout).toMatch(/prepared +1 of 1 for web/))
    const disk = 'disk=["/srv/web7.img,raw,xvda,rw"]'
    expect(await cli('create', '--from', 'web', 'web7', '--', disk)).toMatchObject({
      status: 0,
      stdout: 'web7: running, domain 1, built as pvh\n',
    })
    expect(await cli('create', '--from', 'wep', 'web8')).toMatchObject({ stderr: /did you mean "web"/ })
    expect(await cli('create', '--from', 'web', 'web8', '--', 'memory=64')).toMatchObject({
      stderr: /"memory" cannot differ from that of "web"/,
    })
  })

  test('starts a defined guest by its name', async () => {
    await writeFile(join(served.config.paths.guests, 'web.cfg'), WEB)
    await vi.waitFor(async () => expect(await guests()).toHaveLength(1))
    expect(await cli('create', 'web', '--json')).toMatchObject({ status: 0, stdout: /"state": "running"/ })
  })

  test('takes a word for a file when there is no such guest', async () => {
    await writeFile(join(folder, 'web'), WEB)
    expect(await cli('create', 'web')).toMatchObject({ status: 0 })
  })

  test('says on stderr what it found in the definition', async () => {
    await writeFile(join(folder, 'web.cfg'), `${WEB}memroy = 256\n`)
    const { stdout, stderr } = await cli('create', 'web.cfg')
    expect(stdout).toMatch(/^web: running/)
    expect(stderr).toMatch(/^web: .*memroy/)
  })

  test('leaves it paused', async () => {
    expect(await cli('create', '-p', './web.cfg')).toMatchObject({ status: 0, stdout: /^web: paused/ })
  })

  test('does not wait when told so, and prints the task', async () => {
    const { stdout } = await cli('create', 'web.cfg', '--no-wait', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'create', guest: 'web' })
  })

  test('shows what libxl said when it fails', async () => {
    await writeFile(join(folder, 'huge.cfg'), WEB.replace('128', '999999'))
    const { status, stdout, stderr } = await cli('create', 'huge.cfg')
    expect({ status, stdout }).toEqual({ status: 7, stdout: '' })
    expect(stderr).toMatch(/^error: .*\n {2}step {3}check the memory\n {2}cause /m)
  })

  test('of a file that is not there says so', async () => {
    const { status, stderr } = await cli('create', 'db.cfg')
    expect({ status, stderr }).toEqual({
      status: 4,
      stderr:
        'error: db.cfg: there is no such file\n' +
        '  fix    give the path of a guest definition, or the name of a defined guest (tetrarch list)\n',
    })
  })

  test('with -c shows the console from its first line on', async () => {
    const { stdout } = await runInTerminal(['create', '-c', join(folder, 'web.cfg')], {
      socket: served.sockets.full,
      type: [['Type poweroff', 'poweroff\r']],
    })
    expect(stdout).toMatch(/Linux version[^]*Type poweroff[^]*reboot: poweroff/)
  })
})

describe('list', () => {
  const columns = 'NAME  ID  STATE    MODE  DM  MEM  VCPU  TIME\n'

  test('is a plain table in a pipe', async () => {
    await build()
    const { stdout } = await cli('list')
    expect(stdout).toMatch(
      new RegExp(`^${columns}web    1  running  pvh    –  128     1  0\\.\\d+s\n$`.replace(/ +/g, ' +')),
    )
  })

  test('--json is the array that the API gives', async () => {
    await build()
    const [web] = JSON.parse((await cli('list', '--json')).stdout) as Guest[]
    expect(web).toMatchObject({ name: 'web', domid: 1, mode: { configured: 'pvh', observed: 'pvh' }, managed: true })
  })

  test('marks what other toolstacks made, and shows no control characters of theirs', async () => {
    const name = 'evil\u001b[31m\u202e'
    served.host.foreign({ name, uuid: uuid('11111111-2222-3333-4444-555555555555') })
    await vi.waitFor(async () => expect(await guests()).toHaveLength(1))
    const { stdout } = await cli('list')
    expect(stdout).toContain('evil\\x1b[31m\\u{202e} *')
    expect(stdout).not.toMatch(/[\u001b\u202e]/)
  })
})

describe('a verb', () => {
  beforeEach(build)

  test.each([
    [['pause', 'web'], 'web: paused\n', 'paused'],
    [['save', 'web'], 'web: saved\n', 'saved'],
    [['reboot', 'web'], 'web: rebooted\n', 'running'],
  ])('%j is done when it comes back', async (args, stdout, state) => {
    expect(await cli(...args)).toMatchObject({ status: 0, stdout })
    expect(await guests()).toMatchObject([{ state }])
  })

  test.each([[['shutdown', '--wait', '--all']], [['destroy', 'web']]])('%j leaves no domain', async (args) => {
    expect(await cli(...args)).toMatchObject({ status: 0 })
    expect(served.host.remains()).toEqual([])
  })

  test('that is not waited for still reports what fails at once', async () => {
    served.host.failNext('shutdown', fail('libxl-failed', { what: 'the guest has no PV driver' }))
    expect(await cli('shutdown', 'web')).toMatchObject({
      status: 10,
      stdout: '',
      stderr: /^error: the guest has no PV/,
    })
  })

  test('for several guests does what it can and reports the rest', async () => {
    const { status, stdout, stderr } = await cli('pause', 'wob', 'web')
    expect({ status, stdout }).toEqual({ status: 4, stdout: 'web: paused\n' })
    expect(stderr).toBe('error: there is no guest "wob"\n  fix    did you mean "web"?\n')
  })

  test('that makes no sense now says why', async () => {
    const { status, stderr } = await cli('create', 'web.cfg')
    expect(status).toBe(5)
    expect(stderr).toMatch(/^error: .*web/)
  })
})

test('info tells everything about a guest', async () => {
  await build()
  const { stdout } = await cli('info', 'web')
  for (const fact of [
    'running, domain 1',
    'observed pvh',
    'device model  none',
    'xvda',
    '/srv/web.img',
    'Hypervisor detected',
  ])
    expect(stdout).toContain(fact)
})

test('vcpu-list shows where each vCPU runs, of one guest or of all', async () => {
  await build()
  const { stdout } = await cli('vcpu-list', 'web')
  expect(stdout).toMatch(/^NAME +ID +VCPU +CPU +STATE +TIME +MAY +SHOULD\nweb +1 +0 +0 +\w+ +\S.* +all +all\n$/)
  expect((await cli('vcpu-list')).stdout).toMatch(/^web +1 +0 /m)
  expect(JSON.parse((await cli('vcpu-list', '--json')).stdout)).toMatchObject([{ guest: 'web', vcpu: 0, cpu: 0 }])
  await cli('destroy', 'web')
  expect(await cli('vcpu-list')).toMatchObject({ status: 0, stderr: 'none of them runs\n' })
})

test('all of a long output arrives, also in a socket whose reader is slow', async () => {
  const text = `name = "long"\ntype = "pvh"\nkernel = "/vmlinuz"\n${'# a line of a long definition\n'.repeat(20_000)}`
  await writeFile(join(folder, 'long.cfg'), text)
  expect((await cli('dump', './long.cfg')).stdout).toBe(text)
})

test('console sends what comes through a pipe and prints what comes back', async () => {
  await build()
  const { stdout, stderr } = await runCli(['console', 'web'], { socket: served.sockets.full, input: 'poweroff\n' })
  expect(stdout).toContain('Linux version')
  expect(stderr).toContain('web: connected')
})

test('logs shows what a guest said, also when it is gone', async () => {
  await build()
  await vi.waitFor(async () => expect((await cli('logs', 'web')).stdout).toContain('Type poweroff'))
  await cli('destroy', 'web')
  expect(await cli('logs', '-n', '1', 'web')).toEqual({
    status: 0,
    stdout: 'Type poweroff, reboot or crash.\n',
    stderr: '',
  })
  expect(await cli('logs', '-n', 'many', 'web')).toMatchObject({ status: 2 })
  expect(await cli('logs', 'wob')).toMatchObject({ status: 4 })
})

test('vnc says where the screen is, as viewers take it', async () => {
  await writeFile(join(folder, 'desk.cfg'), 'name = "desk"\ntype = "hvm"\nmemory = 256\nvnc = 1\nvncpasswd = "x"\n')
  await cli('create', 'desk.cfg')
  expect(await cli('vnc', 'desk')).toMatchObject({ status: 0, stdout: '127.0.0.1::5900\npassword x\n' })
})

test('tasks shows, and cancels by the beginning of an id', async () => {
  served.host.hangNext('build')
  const { stdout } = await cli('create', 'web.cfg', '--no-wait', '--json')
  const { id } = JSON.parse(stdout) as { id: string }
  expect((await cli('tasks')).stdout).toContain(id.slice(0, 8))
  expect(await cli('tasks', 'cancel', id.slice(0, 8))).toMatchObject({ status: 0 })
  await vi.waitFor(async () => expect((await cli('tasks', 'show', id)).stdout).toContain('cancelled'))
  expect(await cli('tasks', 'cancel', 'nothing')).toMatchObject({ status: 4 })
})

test.each([['modes'], ['host']])('%s fits 80 columns', async (command) => {
  const { stdout } = await cli(command)
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})

test('events are one JSON text a line with --json', async () => {
  let stopped: Promise<void> | null = null
  const { status, stdout } = await runCli(['events', '--since', '0', '--json'], {
    socket: served.sockets.full,
    onSaid: () => {
      stopped ??= served.daemon.stop()
    },
  })
  const kinds = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { kind: string }).kind)
  expect(kinds[0]).toBe('daemon.started')
  expect(status).toBe(14)
})
