import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'
import { small } from './small-guests.ts'

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh(`[ -p ${SILENCE} ] || mkfifo ${SILENCE}`)
})
afterAll(() => daemon.clear())

const logOf = async (guest: string): Promise<string> => {
  const lines: string[] = []
  for await (const { text } of daemon.api.stream('log', { params: { guest } })) lines.push(text)
  return lines.join('\n')
}
/** An emulated guest on a busy machine takes its time to boot. */
const PATIENT = { timeoutMs: 240_000, everyMs: 1000 }
const hears = (guest: string, words: string) =>
  dom0.waitFor(`${guest} to say ${words}`, async () => (await logOf(guest).catch(() => '')).includes(words), PATIENT)

/** Input that never comes and never ends, for programs that want a terminal. */
const SILENCE = '/run/silence'

/** Types into a guest until it has answered with another marker line; answers what it said meanwhile. */
async function talk(guest: string): Promise<string> {
  const { socket, head } = await daemon.api.console(guest, 'take')
  let said = head.toString()
  socket.on('data', (bytes: Buffer) => (said += bytes.toString()))
  socket.write('marker\r')
  await dom0.waitFor(`${guest} to answer`, () => Promise.resolve(/marker[^]*TETRARCH-GUEST/.test(said)), PATIENT)
  socket.destroy()
  return said
}

test('a guest that crashed and is gone left its console, from its first byte to its last', async () => {
  const since = await daemon.newest()
  await daemon.create(small('brief', 'pv', 'loglevel=7 tetrarch.do=crash'))
  await daemon.event((event) => event.kind === 'guest.gone', since)
  expect(await logOf('brief')).toMatch(
    /\[tetrarch\] .* domain \d+\n[^]*Linux version[^]*TETRARCH-GUEST[^]*Kernel panic/,
  )
})

test('create -c shows the first line and the last of a guest that lives for a moment', async () => {
  await dom0.sh(`cat > /root/moment.cfg <<'CFG'\n${small('moment', 'pv', 'loglevel=7 tetrarch.do=poweroff')}\nCFG`)
  const shown = await dom0.sh(`script -qec 'tetrarch create -c /root/moment.cfg' /dev/null <> ${SILENCE}`)
  expect(shown).toMatch(/Linux version[^]*TETRARCH-GUEST[^]*reboot: (Power down|System halted)/)
})

describe('a running guest', () => {
  beforeAll(async () => {
    await daemon.create(small('talker', 'pv'))
    await hears('talker', 'TETRARCH-GUEST')
  })

  test('answers on its console, and xl console cannot take its words away', async () => {
    const { domid } = await daemon.guest('talker')
    const { code, stderr } = await dom0.exec(['timeout', '20', 'xl', 'console', String(domid)])
    expect({ code, stderr }).toMatchObject({
      code: expect.not.stringMatching(/^124$/) as number,
      stderr: /Could not lock/,
    })
    expect(await talk('talker')).toContain('TETRARCH-GUEST type=PV ')
  })

  test('is heard again after xenconsoled was killed and started anew', async () => {
    const { domid } = await daemon.guest('talker')
    await dom0.sh(`
      pid=$(pidof xenconsoled); exe=$(readlink /proc/$pid/exe)
      kill -9 $pid; while kill -0 $pid 2>/dev/null; do sleep 0.1; done; $exe`)
    // It may have the number of the one before, whose descriptor shows as deleted.
    const { pid } = (await daemon.api.call('host', {})).daemon
    const isOpen = `readlink /proc/${pid}/fd/* | grep -cx "$(xenstore-read /local/domain/${domid}/console/tty)" || true`
    await dom0.waitFor('the next terminal to be read', async () => (await dom0.sh(isOpen)) === '1')
    expect(await talk('talker')).toContain('TETRARCH-GUEST type=PV ')
  })
})

test('a domain of xl is read while somebody is attached, and left to xl before and after', async () => {
  await dom0.sh(`cat > /root/theirs.cfg <<'CFG'\n${small('theirs', 'pv')}\nCFG\nxl create /root/theirs.cfg`)
  const isSeen = async () => (await daemon.list()).some(({ name }) => name === 'theirs')
  await dom0.waitFor('the daemon to see it', isSeen)
  const { domid } = await daemon.guest('theirs')
  const lock = `/var/lock/xenconsole.${domid}`
  expect(await dom0.sh(`ls ${lock} 2>&1 || true`)).toContain('No such file')
  const { socket, head } = await daemon.api.console('theirs', 'take')
  let said = head.toString()
  socket.on('data', (bytes: Buffer) => (said += bytes.toString()))
  await dom0.waitFor('its marker', () => Promise.resolve(said.includes('TETRARCH-GUEST')), PATIENT)
  expect((await dom0.exec(['timeout', '20', 'xl', 'console', String(domid)])).stderr).toContain('Could not lock')
  socket.destroy()
  await once(socket, 'close')
  await dom0.waitFor('the lock to be gone', async () => (await dom0.sh(`ls ${lock} 2>&1 || true`)).includes('No such'))
  await dom0.sh(`timeout 5 xl console ${domid} < /dev/null || true; setsid timeout 60 script -qec 'xl console ${domid}' /dev/null > /dev/null 2>&1 <> ${SILENCE} &
    until [ -e ${lock} ]; do sleep 0.2; done`)
  await expect(daemon.api.console('theirs', 'take')).rejects.toMatchObject({ code: 'wrong-state' })
  await daemon.act('destroy', 'theirs')
})

describe('a screen', () => {
  // Nothing is run in it, so it needs no disk.
  const screen = (name: string, more: string): string => `
name = "${name}"
type = "hvm"
memory = 192
vnc = 1
${more}`
  const paused = (name: string, more: string) => {
    const body = { definition: { file: '/root/test.cfg', text: screen(name, more) }, paused: true }
    return daemon.api.call('create', { query: { wait: 280_000 }, body })
  }

  test('on TCP is told as xl and xenstore have it', async () => {
    expect(await paused('tcp', 'vncdisplay = 7\nvncunused = 0')).toMatchObject({ state: 'succeeded' })
    const { domid } = await daemon.guest('tcp')
    const { address, password } = await daemon.api.call('vnc', { params: { guest: 'tcp' } })
    const node = (name: string) => dom0.sh(`xenstore-read /local/domain/${domid}/console/vnc-${name}`)
    expect({ address, password }).toEqual({
      address: `${await node('listen')}:${await node('port')}`,
      password: null,
    })
    expect(await dom0.sh(`timeout 10 bash -c 'head -c 12 < /dev/tcp/${address.replace(':', '/')}'`)).toMatch(/^RFB 003/)
    expect(address).toBe('127.0.0.1:5907')
    // Another one on the same port: QEMU says so, and so do we.
    expect(await paused('second', 'vncdisplay = 7\nvncunused = 0')).toMatchObject({
      state: 'failed',
      problem: {
        code: 'device-model-failed',
        why: 'its VNC port is in use',
        evidence: expect.arrayContaining([expect.stringMatching(/^qemu: .*in use/i)]) as unknown,
      },
    })
    await daemon.act('destroy', 'tcp')
  })

  test('with a password that this QEMU cannot ask for is refused in QEMU’s own words', async () => {
    expect(await paused('secret', 'vncpasswd = "s3cret"')).toMatchObject({
      state: 'failed',
      problem: {
        code: 'device-model-failed',
        why: expect.stringContaining('VNC password') as string,
        evidence: expect.arrayContaining([expect.stringMatching(/^qemu: .*DES/)]) as unknown,
      },
    })
  })

  test('on a Unix socket is told by its path', async () => {
    expect(await paused('unix', 'vnclisten = "unix:/run/unix.vnc"\nvncunused = 0')).toMatchObject({
      state: 'succeeded',
    })
    expect(await dom0.sh('tetrarch vnc unix')).toBe('/run/unix.vnc')
    expect(await dom0.sh('test -S /run/unix.vnc && tetrarch info unix')).toContain('VNC on unix:/run/unix.vnc')
    await daemon.act('destroy', 'unix')
  })
})
