/**
 * Runs inside dom0 and prints what it measured, a JSON document a line, as soon as it has it: how long the daemon's API, our
 * CLI and xl take for the same things, one after the other in turns, so that a noisy machine treats them alike.
 */
import { createsAtOnce, requests } from './at-once.ts'
import { prepared, reboots } from './boots.ts'
import { lives } from './contest.ts'
import { crowd } from './crowd.ts'
import { withLibvirt } from './libvirt.ts'
import { idle } from './processes.ts'
import { api, found, guest, tetrarch } from './sides.ts'

/** Guests that the daemon has built before it is measured. */
const WARMING = 10

const { xenVersion } = await api.call('host', {})
found({ xen: xenVersion })
found({ idle: await idle(0) })
const BOTH = 'a disk and a nic'
// A daemon that is in use has compiled what it does often; one that has just started has not.
for (let turn = 0; turn < WARMING; turn++) {
  await tetrarch.create(guest('bench', 'pv', 'no devices'))
  await tetrarch.destroy('bench')
}
// What matters most comes first, where there is no time for all.
await withLibvirt(async (libvirt) => {
  for (const type of ['pv', 'pvh'] as const)
    for (const with_ of ['no devices', BOTH] as const) await lives(type, with_, 'raw', libvirt)
})
await crowd()
await prepared()
await lives('pv', BOTH, 'packed')
await createsAtOnce(3)
await reboots()
await requests()
await lives('pv', 'no devices', 'packed')
await lives('hvm', BOTH, 'raw')
for (const with_ of ['a nic', 'a disk'] as const) await lives('pv', with_, 'raw')
process.exit(0)
