/**
 * Runs inside dom0 and prints what it measured, a JSON document a line, as soon as it has it: how long the daemon's API, our
 * CLI and xl take for the same things, one after the other in turns, so that a noisy machine treats them alike.
 */
import { createsAtOnce, requests } from './at-once.ts'
import { prepared, reboots } from './boots.ts'
import { lives } from './contest.ts'
import { crowd } from './crowd.ts'
import { idle } from './processes.ts'
import { api, found } from './sides.ts'

const { xenVersion } = await api.call('host', {})
found({ xen: xenVersion })
found({ idle: await idle(0) })
for (const equipment of ['no devices', 'a nic', 'a disk', 'a disk and a nic'] as const)
  await lives('pv', equipment, 'raw')
for (const equipment of ['no devices', 'a disk and a nic'] as const) await lives('pvh', equipment, 'raw')
for (const equipment of ['no devices', 'a disk and a nic'] as const) await lives('pv', equipment, 'packed')
await lives('hvm', 'a disk and a nic', 'raw')
await prepared()
await reboots()
await createsAtOnce(3)
await requests()
await crowd()
process.exit(0)
