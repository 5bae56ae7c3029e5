import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ServedDaemon, WEB, serveDaemon } from '../daemon/http/served-daemon.ts'
import { runCli, runInTerminal } from './run-cli.ts'

let served: ServedDaemon
let folder: string
beforeEach(async () => {
  served = await serveDaemon({ host: { times: { buildMs: 900 } } })
  folder = await mkdtemp(join(tmpdir(), 'tetrarch-cli-'))
})
afterEach(async () => {
  await served.stop()
  await rm(folder, { recursive: true })
})

type Typing = readonly (readonly [seen: string, keys: string])[]
const terminal = (args: readonly string[], type: Typing = []) =>
  runInTerminal(args, { socket: served.sockets.full, cwd: folder, type })
const define = (text: string) => writeFile(join(folder, 'web.cfg'), text)

test('a long create shows its stage and its time on one line that goes away', async () => {
  await define(WEB)
  const { status, stdout } = await terminal(['create', 'web.cfg'])
  expect(status).toBe(0)
  expect(stdout).toMatch(/\r\u001b\[Kweb: build the domain \(\d of \d\) … [01]\.\d s/)
  expect(stdout).toMatch(/\r\u001b\[Kweb: running, domain 1, built as pvh\r\n$/)
})

test('Ctrl-C cancels a create, which leaves nothing', async () => {
  await define(WEB)
  const { status, stdout } = await terminal(['create', 'web.cfg'], [['build the domain', '\u0003']])
  expect(stdout).toContain('cancelling create of "web"')
  expect(status).toBe(12)
  expect(served.host.remains()).toEqual([])
})

test('a table gives way where it can, so that it fits the terminal', async () => {
  const name = `${'long-name-'.repeat(6)}x`
  await define(WEB.replace('"web"', `"${name}"`))
  await terminal(['create', 'web.cfg'])
  const { stdout } = await terminal(['list'])
  const lines = stripVTControlCharacters(stdout).trimEnd().split('\r\n')
  expect(lines).toHaveLength(2)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
  expect(lines[1]).toMatch(/^long-name-.*… +1 +running +pvh/)
})

test('the console hands on every key but Ctrl-], which leaves', async () => {
  await define(WEB)
  await terminal(['create', 'web.cfg'])
  const { status, stdout } = await terminal(
    ['console', 'web'],
    [
      ['Type poweroff', 'ab\u0003c\r'],
      ['not found', '\u001d'],
    ],
  )
  expect(status).toBe(0)
  expect(stdout).toMatch(/ab.?c: not found/)
  expect(stdout).toMatch(/web: left its console\r\n$/)
})

const FROM_DISK = WEB.replace('kernel = "/vmlinuz"\n', 'extra = "console=hvc0"\n')
const booted = async () => (await served.client.call('guest', { params: { guest: 'web' } })).booted?.what

test('create -c of a guest that boots from its disk shows its menu, boots what is chosen and attaches', async () => {
  await define(FROM_DISK)
  const { status, stdout } = await terminal(
    ['create', '-c', 'web.cfg'],
    [
      ['Boots in', '\u001b[B'],
      ['entry   1>0', 'e'],
      ['Esc goes back', ' debug\r'],
      ['Type poweroff', '\u001d'],
    ],
  )
  expect(status).toBe(0)
  expect(stripVTControlCharacters(stdout)).toContain('web: boots "Simulated Linux, with Linux 6.1.0-simulated"')
  expect(await booted()).toContain('with Linux 6.1.0-simulated')
})

test('a menu that is left starts nothing', async () => {
  await define(FROM_DISK)
  const { status, stdout } = await terminal(['create', '--menu', 'web.cfg'], [['Enter boots', 'q']])
  expect(status).toBe(12)
  expect(stdout).toContain('nothing was started')
  expect(await served.client.call('guests', {})).toEqual([])
})

describe('what cannot be undone', () => {
  beforeEach(async () => {
    await define(WEB)
    await served.ask('POST', '/v1/guests?wait=5000', { definition: { file: '/tmp/web.cfg', text: WEB } })
  })
  const domains = () => served.host.domains().length

  test('is asked about on a terminal, and done when the answer is yes', async () => {
    const { status, stdout } = await terminal(['destroy', 'web'], [['Cut the power of web? [y/N] ', 'y\r']])
    expect({ status, domains: domains() }).toEqual({ status: 0, domains: 0 })
    expect(stdout).toContain('web: destroyed')
  })

  test.each([
    ['Enter', '\r'],
    ['no', 'no\r'],
    ['the end of the input', '\u0004'],
    ['Ctrl-C', '\u0003'],
  ])('is not done when the answer is %s', async (_, keys) => {
    const { status, stdout } = await terminal(['destroy', 'web'], [['[y/N] ', keys]])
    expect({ status, domains: domains() }).toEqual({ status: 12, domains: 1 })
    expect(stdout).toContain('nothing was done')
  })

  test('is done without a question with --yes', async () => {
    const { status, stdout } = await terminal(['destroy', '--yes', 'web'])
    expect({ status, domains: domains() }).toEqual({ status: 0, domains: 0 })
    expect(stdout).not.toContain('[y/N]')
  })
})

test('colours are left out where NO_COLOR is set, and in a pipe', async () => {
  await define(WEB)
  await terminal(['create', 'web.cfg'])
  const options = { socket: served.sockets.full, cwd: folder }
  const coloured = /\u001b\[[0-9;]*m/
  expect((await runInTerminal(['list'], options)).stdout).toMatch(coloured)
  expect((await runInTerminal(['list'], { ...options, env: { NO_COLOR: '1' } })).stdout).not.toMatch(coloured)
  expect((await runCli(['list'], options)).stdout).not.toMatch(coloured)
})
