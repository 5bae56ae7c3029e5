import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Event } from '../../src/api/event.ts'
import { type LabDaemon, labDaemon, remains } from './lab-daemon.ts'
import { hardwareVirtualized, small } from './small-guests.ts'

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
})
afterEach(async () => {
  await daemon.clear()
})

describe.each(['pv', 'pvh'] as const)('a %s guest that', hardwareVirtualized, (type) => {
  test.each([
    ['powers itself off', 'poweroff', 'poweroff', ''],
    ['restarts itself, with on_reboot="destroy"', 'reboot', 'reboot', 'on_reboot = "destroy"'],
    ['crashes', 'crash', 'crash', ''],
  ])('%s is seen with its reason, and its domain is taken away', async (_, act, reason, more) => {
    const since = await daemon.newest()
    await daemon.create(small('brief', type, `tetrarch.do=${act}`, more))
    expect(await daemon.event((event) => event.kind === 'guest.gone', since)).toMatchObject({ guest: 'brief', reason })
    expect(await remains()).toBe('')
  })

  test('restarts itself comes back as a new domain', async () => {
    const since = await daemon.newest()
    await daemon.create(small('again', type, 'tetrarch.do=reboot tetrarch.after=3'))
    const { domid } = await daemon.guest('again')
    const ended = (event: Event) =>
      event.kind === 'guest.gone' ||
      (event.kind === 'guest.state' && event.to === 'running' && (event.domid ?? 0) > (domid ?? 0))
    expect(await daemon.event(ended, since)).toMatchObject({ guest: 'again', to: 'running' })
  })
})

test('a crashed guest with on_crash="preserve" stays to be looked at, with its last words', async () => {
  const since = await daemon.newest()
  await daemon.create(small('kept', 'pv', 'tetrarch.do=crash', 'on_crash = "preserve"'))
  await daemon.event((event) => event.kind === 'guest.state' && event.to === 'crashed', since)
  const guest = await daemon.guest('kept')
  expect(guest.state).toBe('crashed')
  expect(guest.consoleTail.join('\n')).toMatch(/Kernel panic|RIP:/)
})
