import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ServedDaemon, serveDaemon } from '../daemon/http/served-daemon.ts'
import { type Ran, runCli, runInTerminal } from './run-cli.ts'

const WEB = 'name = "web"\ntype = "pv"\nmemory = 128\ndisk = ["/srv/web.img,raw,xvda,rw"]\nvif = [""]\n'

let served: ServedDaemon
beforeEach(async () => {
  served = await serveDaemon({ config: { conversion: { settleMs: 20 } } })
  await served.ask('PUT', '/v1/guests/web/definition', { text: WEB })
})
afterEach(async () => {
  await served.stop()
})

const cli = (...args: string[]): Promise<Ran> => runCli(args, { socket: served.sockets.full })
const kept = () => readFile(join(served.config.paths.guests, 'web.cfg'), 'utf8')

test('--plan shows what changes in 80 columns, and changes nothing', async () => {
  const { stdout } = await runInTerminal(['convert', 'web', '--to', 'pvhvm', '--plan'], { socket: served.sockets.full })
  const lines = stdout.replaceAll(/\u001b\[\d*m/g, '').split('\r\n')
  expect(lines.filter((line) => line.length > 80)).toEqual([])
  expect(lines).toEqual(expect.arrayContaining(['web: pv → pvhvm', '  type: "pv" → "hvm"', '  QEMU      none → one']))
  expect(await kept()).toBe(WEB)
})

test('on a terminal it asks before it restarts the guest, and no is no', async () => {
  const options = { socket: served.sockets.full, type: [['[y/N]', 'n\n']] as const }
  expect(await runInTerminal(['convert', 'web', '--to', 'pvh'], options)).toMatchObject({ status: 0 })
  expect(await kept()).toBe(WEB)
})

test('elsewhere it shows the plan, does it, and says how it went and where the old definition is', async () => {
  const { status, stdout } = await cli('convert', 'web', '--to', 'pvh')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^web: pv → pvh\n.*web: it came up as PVH; its old definition is kept in .*web\.cfg\.pv-/s)
  expect(await kept()).toBe(WEB.replace('"pv"', '"pvh"'))
})

test.each([
  [['convert', 'web'], 'convert needs the new mode'],
  [['convert', 'web', '--to', 'xen'], 'there is no mode "xen"'],
  [['convert', 'web', '--to', 'pvh', '--timeout', 'x'], '--timeout x is no number of seconds'],
  [['convert', 'web', '--to', 'hvm'], 'nothing would show'],
])('%j is refused with a way on', async (args, what) => {
  const { status, stderr } = await cli(...args)
  expect(status).toBe(2)
  expect(stderr).toContain(what)
  expect(stderr).toContain('fix')
})
