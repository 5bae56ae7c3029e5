/** Guests that start with the host, by systemd's own words. Tiny guests that need not boot, where what they say is of no matter. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'
import { small, tinyPvgrub } from './small-guests.ts'

let daemon: LabDaemon
const define = (name: string, more: string, text = tinyPvgrub(name)) =>
  daemon.api.call('define', { params: { guest: name }, body: { text: `${text}${more}\n`, errors: 'accept' } })
const names = ['order-db', 'order-web', 'order-bad', 'order-devices', 'order-console', 'order-tcp'] as const
const undefineAll = async () => {
  for (const guest of names) await daemon.api.call('undefine', { params: { guest } }).catch(() => undefined)
}

beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await define('order-db', 'autostart = 1\nready = "xenstore:data/ready"\nshutdown_timeout = 1')
  await define('order-web', 'autostart = 1\nstart_after = "order-db"\nstart_delay = 3\nshutdown_timeout = 1')
})
afterAll(async () => {
  await daemon.clear()
  await undefineAll()
  await dom0.sh('systemctl reset-failed tetrarch-guests; systemctl start tetrarch-guests-stop')
})

const stateOf = async (name: string) => (await daemon.guest(name)).state
/** A create may take minutes where several labs share a machine, milliseconds. */
const LONG = { timeoutMs: 240_000 }
const unit = (name: string) => dom0.sh(`systemctl show -P ActiveState -P Result ${name}`)
const said = (name: string) => dom0.sh(`journalctl -o cat -b -u ${name} -n 20`)

test('one starts when the one before it is ready, after its delay, and ends before it', async () => {
  const starting = dom0.exec('systemctl start tetrarch-guests', LONG)
  const domid = await dom0.waitFor('the first one to run', async () => {
    const { state, domid: its } = await daemon.guest('order-db')
    return state === 'running' && its !== null && its
  })
  expect(await stateOf('order-web')).toBe('halted')
  const ready = Number(await dom0.sh(`xenstore-write /local/domain/${domid}/data/ready 1; date +%s%3N`))
  await starting
  expect(await unit('tetrarch-guests')).toContain('active')
  const { startedAt } = await daemon.guest('order-web')
  expect(Date.parse(startedAt ?? '')).toBeGreaterThan(ready + 3000)

  const since = await daemon.newest()
  const goes = async (name: string) =>
    (
      await daemon.event(
        (event) => event.kind === 'guest.state' && event.guest === name && event.to === 'halted',
        since,
      )
    ).seq
  await dom0.sh('systemctl stop tetrarch-guests', LONG)
  expect(await goes('order-web')).toBeLessThan(await goes('order-db'))
  expect(await dom0.sh('xl list | tail -n +3')).toBe('')
})

test('one that cannot start makes the unit fail, which says why; the others run, and the stop is still there', async () => {
  await daemon.api.call('undefine', { params: { guest: 'order-db' } })
  await define('order-bad', 'autostart = 1\ndisk = ["/no/such.img,raw,xvda,rw"]')
  await dom0.exec('systemctl start tetrarch-guests', LONG)
  expect(await unit('tetrarch-guests')).toContain('failed')
  expect(await said('tetrarch-guests')).toContain('/no/such.img')
  expect(await stateOf('order-web')).toBe('running')
  expect(await unit('tetrarch-guests-stop')).toContain('active')
})

describe('a guest counts as ready', () => {
  const DISK = '/srv/order.img'
  const ADDRESS = '192.168.90.20'
  const PORT = 7
  const conditions: readonly (readonly [name: string, ready: string, late: string])[] = [
    ['order-devices', 'devices', 'its PV drivers did not connect its disks and interfaces'],
    ['order-console', 'console:TETRARCH-GUEST type=PV', '"TETRARCH-GUEST type=PV" did not appear on its console'],
    ['order-tcp', `tcp:${ADDRESS}:${PORT}`, `nothing answered on ${ADDRESS}, port ${PORT},`],
  ]
  const booting = (name: string) => small(name, 'pv', name === 'order-tcp' ? `tetrarch.ip=${ADDRESS}/24` : '')
  /** Each starts after the one before it, so none of them starts when that one is not ready. */
  const defineAll = async (more: string, textOf = booting) => {
    await dom0.sh(`truncate -s 16M ${DISK}`)
    for (const [index, [name, ready]] of conditions.entries()) {
      const devices = index === 0 ? `disk = ["${DISK},raw,xvda,rw"]\nvif = ["bridge=xenbr0"]\n` : ''
      const nic = index === 2 ? 'vif = ["bridge=xenbr0"]\n' : ''
      const after = index === 0 ? '' : `start_after = "${conditions[index - 1]?.[0]}"\n`
      const keys = `autostart = 1\nready = "${ready}"\nshutdown_timeout = 20\n${after}${devices}${nic}${more}`
      await define(name, keys, textOf(name))
    }
  }
  beforeEach(async () => {
    await daemon.clear()
    await undefineAll()
    await dom0.sh('systemctl stop tetrarch-guests; systemctl reset-failed tetrarch-guests || true')
  })

  test(
    'when its devices are connected, its console has said it, or its port answers',
    { timeout: 600_000 },
    async () => {
      await defineAll('')
      const since = await daemon.newest()
      const runs = async (name: string) =>
        (
          await daemon.event(
            (event) => event.kind === 'guest.state' && event.guest === name && event.to === 'running',
            since,
          )
        ).seq
      const starting = dom0.exec('systemctl start tetrarch-guests', LONG)
      expect(await runs('order-devices')).toBeLessThan(await runs('order-console'))
      const { domid } = await daemon.guest('order-devices')
      const backend = '/local/domain/0/backend'
      expect(
        await dom0.sh(`xenstore-read ${backend}/vbd/${domid ?? 0}/51712/state ${backend}/vif/${domid ?? 0}/0/state`),
      ).toBe('4\n4')
      expect(await runs('order-console')).toBeLessThan(await runs('order-tcp'))
      expect((await daemon.guest('order-console')).consoleTail.join('\n')).toContain('TETRARCH-GUEST')
      await daemon.marker('order-tcp')
      expect(await unit('tetrarch-guests')).toContain('activating')
      await daemon.inGuest('order-tcp', `(nc -l -p ${PORT} > /dev/null &)`)
      await starting
      expect(await unit('tetrarch-guests')).toContain('active')
    },
  )

  test('or not within its time, which the unit says', async () => {
    // A boot loader that waits: it has no driver for its nic, says nothing of the kind, and answers nobody.
    await defineAll('ready_timeout = 1', tinyPvgrub)
    await dom0.exec('systemctl start tetrarch-guests', LONG)
    expect(await unit('tetrarch-guests')).toContain('failed')
    const words = await said('tetrarch-guests')
    for (const [name, , late] of conditions) expect(words).toContain(`${name}: it runs, but is not ready: ${late}`)
  })
})
