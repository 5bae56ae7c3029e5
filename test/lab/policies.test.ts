/** The on_* keys on real Xen. Tiny paused guests are ended by a hypercall from dom0, so none of them needs to boot. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { endDomain } from './end-domain.ts'
import { type LabDaemon, labDaemon, remains } from './lab-daemon.ts'
import { tinyPvgrub } from './small-guests.ts'

/** [guests] crash_loop_restarts. */
const RESTARTS = 5
const DISK = '/srv/policies.img'
const DUMPS = '/var/lib/tetrarch/dumps'

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
})
afterEach(async () => {
  await daemon.clear()
})

const start = async (more: string, text = tinyPvgrub('brief')) => {
  await daemon.create(`${text}${more}\n`)
  return (await daemon.guest('brief')).domid
}
const isBack = (before: number | null, timeoutMs = 120_000) =>
  dom0.waitFor(
    'the guest to be back',
    async () => {
      const guest = (await daemon.list()).find(({ name }) => name === 'brief')
      return guest?.state === 'running' && guest.domid !== before ? guest : undefined
    },
    { timeoutMs },
  )

describe('a guest whose domain ends', () => {
  test.each([
    ['on_poweroff', 'poweroff'],
    ['on_reboot', 'reboot'],
    ['on_crash', 'crash'],
    ['on_watchdog', 'watchdog'],
    ['on_soft_reset', 'soft-reset'],
  ] as const)('comes back by %s="restart"', async (key, reason) => {
    const before = await start(`${key} = "restart"`)
    await endDomain(before, reason)
    expect((await isBack(before)).lastEnd).toMatchObject({ reason })
    expect(await dom0.sh('xl list | grep -c brief')).toBe('1')
  })
})

describe('a crash', () => {
  test('by "rename-restart" leaves the dead domain beside the guest, under a name of its own', async () => {
    await dom0.sh(`truncate -s 16M ${DISK}`)
    const devices = `disk = ["${DISK},raw,xvda,rw"]\nvif = ["bridge=xenbr0"]`
    const before = await start(`on_crash = "rename-restart"\n${devices}`)
    await endDomain(before, 'crash')
    await isBack(before)
    const kept = (await daemon.list()).find(({ domid }) => domid === before)
    expect(kept?.name).toMatch(/^brief-\d{8}T\d{6}Z$/)
    expect(await dom0.sh(`xl domname ${before}; xl list ${before} | tail -n 1`)).toMatch(
      new RegExp(`^${kept?.name}\n.* ---sc- `),
    )
    // Its disk and its nic are the successor's.
    expect(await dom0.sh('xenstore-ls -f /local/domain/0/backend | grep -c "/physical-device = "')).toBe('1')
    await daemon.clear()
    expect(await remains()).toBe('')
  })

  test('again and again brings it back ever later, and in the end not at all', { timeout: 600_000 }, async () => {
    let before = await start('on_crash = "restart"')
    for (let crash = 1; crash <= RESTARTS; crash++) {
      await endDomain(before, 'crash')
      const again = await isBack(before)
      expect(again.brake?.crashes).toBe(crash)
      before = again.domid
    }
    await endDomain(before, 'crash')
    await dom0.waitFor('it to be left halted', async () => (await dom0.sh('xl list | grep -c brief || true')) === '0')
    expect(await dom0.sh('tetrarch list 2>&1')).toContain('in a short time and is left halted')
  })
})

/** Xen looks at every page of four GiB for it, one by one: minutes where that is emulated. */
const slow = process.env['SLOW'] === undefined ? [] : (['pvh'] as const)
test.for(slow)('"coredump-restart" leaves a dump of a crashed %s guest', { timeout: 1_200_000 }, async (type) => {
  await dom0.sh(`rm -rf ${DUMPS}`)
  const before = await start('on_crash = "coredump-restart"', tinyPvgrub('brief', type))
  await endDomain(before, 'crash')
  await isBack(before, 1_000_000)
  const [file] = (await dom0.sh(`ls ${DUMPS}`)).split('\n')
  expect(file).toMatch(/^brief-.*\.core$/)
  expect(await dom0.sh(`head -c 4 ${DUMPS}/${file} | od -An -c`)).toContain('177   E   L   F')
  // As many pages as it had, and what tells of them.
  expect(Number(await dom0.sh(`stat -c %s ${DUMPS}/${file}`))).toBeGreaterThan(32 * 1024 * 1024)
})

test('a request that no driver takes is taken back when the shutdown is cancelled', async () => {
  const domid = await start('')
  const { id } = await daemon.api.call('shutdown', { params: { guest: 'brief' } })
  const control = () => dom0.sh(`xenstore-read /local/domain/${domid ?? 0}/control/shutdown`)
  await dom0.waitFor('the request to be written', async () => (await control()) === 'poweroff')
  await daemon.api.call('cancel', { params: { task: id } })
  await daemon.api.call('task', { params: { task: id }, query: { wait: 60_000 } })
  expect(await control()).toBe('')
  expect((await daemon.guest('brief')).state).toBe('running')
})
