/** Guests that start with the host, by systemd's own words. Tiny guests that need not boot. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'
import { tinyPvgrub } from './small-guests.ts'

let daemon: LabDaemon
const define = (name: string, more: string) =>
  daemon.api.call('define', {
    params: { guest: name },
    body: { text: `${tinyPvgrub(name)}${more}\n`, errors: 'accept' },
  })
const names = ['order-db', 'order-web', 'order-bad'] as const
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
