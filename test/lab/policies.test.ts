/** The on_* keys on real Xen. Tiny paused guests are ended by a hypercall from dom0, so none of them needs to boot. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { endDomain } from './end-domain.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'
import { tinyPvgrub } from './small-guests.ts'

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
const isBack = (before: number | null) =>
  dom0.waitFor('the guest to be back', async () => {
    const guest = (await daemon.list()).find(({ name }) => name === 'brief')
    return guest?.state === 'running' && guest.domid !== before ? guest : undefined
  })

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
