import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ServedDaemon, WEB, serveDaemon } from '../daemon/http/served-daemon.ts'
import { runInTerminal } from './run-cli.ts'

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
