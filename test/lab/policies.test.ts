/** The on_* keys on real Xen. Tiny paused guests are ended by a hypercall from dom0, so none of them needs to boot. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { endDomain } from './end-domain.ts'
import { type LabDaemon, labDaemon, remains } from './lab-daemon.ts'
import { small, tinyPvgrub } from './small-guests.ts'

/** [guests] crash_loop_restarts. */
const RESTARTS = 5
const DISK = '/srv/policies.img'
const DUMPS = '/var/lib/tetrarch/dumps'
const MEBIBYTE = 1024 * 1024

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

test('an HVM guest that asks for a soft reset keeps its domain and gets another QEMU', async () => {
  const text = 'name = "brief"\ntype = "hvm"\nmemory = 96\nvga = "none"\nvnc = 0\n'
  const domid = await start('on_soft_reset = "soft-reset"', text)
  const qemu = () => dom0.sh(`pgrep -f -- '[q]emu.*-xen-domid ${domid ?? 0} ' || true`)
  const before = await qemu()
  await endDomain(domid, 'soft-reset')
  const after = await dom0.waitFor('another QEMU', async () => {
    const pid = await qemu()
    return pid !== '' && pid !== before && pid
  })
  expect(after).toMatch(/^\d+$/)
  await dom0.waitFor('the guest to run', async () => (await daemon.guest('brief')).state === 'running')
  expect(await dom0.sh('xl domid brief')).toBe(String(domid))
})

test('a reboot keeps a disk that xl has attached meanwhile', async () => {
  const extra = '/srv/policies-extra.img'
  await dom0.sh(`truncate -s 16M ${DISK} ${extra}`)
  const before = await start(`disk = ["${DISK},raw,xvda,rw"]`)
  await dom0.sh(`xl block-attach ${before ?? 0} '${extra},raw,xvdb,rw'`)
  await endDomain(before, 'reboot')
  const { domid } = await isBack(before)
  const backends = `/local/domain/0/backend/vbd/${domid ?? 0}`
  expect(await dom0.sh(`xenstore-read ${backends}/51712/params ${backends}/51728/params`)).toBe(`${DISK}\n${extra}`)
})

describe('a core dump', () => {
  const expectDump = async () => {
    const [file] = (await dom0.sh(`ls ${DUMPS}`)).split('\n')
    expect(file).toMatch(/^brief-.*\.core$/)
    expect(await dom0.sh(`head -c 4 ${DUMPS}/${file} | od -An -c`)).toContain('177   E   L   F')
    return Number(await dom0.sh(`stat -c %s ${DUMPS}/${file}`))
  }
  beforeEach(() => dom0.sh(`rm -rf ${DUMPS}`))

  test('of a PV guest whose kernel crashed has all of its pages', { timeout: 900_000 }, async () => {
    const since = await daemon.newest()
    await daemon.create(small('brief', 'pv', 'tetrarch.do=crash', 'on_crash = "coredump-destroy"\n'))
    await daemon.event((event) => event.kind === 'guest.gone' && event.guest === 'brief', since)
    expect(await expectDump()).toBeGreaterThan(100 * MEBIBYTE)
  })

  test('of a PV guest is there before it starts again by "coredump-restart"', { timeout: 900_000 }, async () => {
    await daemon.create(small('brief', 'pv', '', 'on_crash = "coredump-restart"\n'))
    await daemon.marker('brief')
    const { domid } = await daemon.guest('brief')
    await endDomain(domid, 'crash')
    await isBack(domid, 300_000)
    expect(await expectDump()).toBeGreaterThan(100 * MEBIBYTE)
  })

  // Xen looks at every page of four GiB for it, one by one: minutes where that is emulated.
  const slow = process.env['SLOW'] === undefined ? [] : (['pvh'] as const)
  test.for(slow)('of a crashed %s guest is there before it starts again', { timeout: 1_200_000 }, async (type) => {
    const before = await start('on_crash = "coredump-restart"', tinyPvgrub('brief', type))
    await endDomain(before, 'crash')
    await isBack(before, 1_000_000)
    expect(await expectDump()).toBeGreaterThan(32 * MEBIBYTE)
  })
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
