/** What is done with the domain of a guest that has ended by itself, before it restarts or stays down. */
import { randomUUID } from 'node:crypto'
import type { EndReason } from '../../api/guest.ts'
import { withNicDefaults } from '../../config/nic-defaults.ts'
import { domainConfig } from '../../libxl/domain-config.ts'
import { devicesOf } from '../../libxl/carry-devices.ts'
import { asTetrarchError } from '../../words/errors.ts'
import { uuid } from '../../words/ids.ts'
import type { Operation } from '../host.ts'
import type { Step } from '../steps.ts'
import { writeDump } from './core-dumps.ts'
import { type Ending, domainToEnd, forgetRun, noteEnd, stepsToDestroy } from './end-steps.ts'
import { type GuestEntry, newEntry, newRun } from './guest-entry.ts'
import type { Sequel } from './sequel.ts'

export function stepsToFollow(ending: Ending, reason: EndReason, sequel: Sequel): readonly Step[] {
  const restarts = sequel.guest === 'restarts'
  const record = restarts ? 'keep' : 'forget'
  return [
    ...(restarts ? [noteRestart(ending)] : []),
    ...(sequel.core === 'dump' ? [dumpCore(ending)] : []),
    ...(sequel.domain === 'rename'
      ? [keepDomain(ending, reason), forgetRun(ending, record)]
      : stepsToDestroy(ending, reason, record)),
  ]
}

/** Written before anything is taken away, so that a daemon that dies now leaves a guest which the next one restarts. */
const noteRestart = (ending: Ending): Step => ({
  name: 'note what is attached',
  async run(operation) {
    const { context, entry } = ending
    try {
      entry.carried = await devicesNow(ending, operation)
      await context.records.change(entry.uuid, { phase: 'restarting', carried: entry.carried })
    } catch (thrown) {
      operation.log(`it restarts as it is defined: ${asTetrarchError(thrown).message}`)
    }
  },
})

async function devicesNow(ending: Ending, operation: Operation): Promise<GuestEntry['carried']> {
  const { context, entry } = ending
  const { definition, run } = entry
  if (definition === null || run === null || run.mode === null) return null
  const { cpus, numaNodes, nicDefaults } = await context.host.facts()
  const started = domainConfig({
    spec: withNicDefaults(definition.spec, nicDefaults),
    mode: run.mode,
    uuid: uuid(entry.uuid),
    boot: { kernel: null, ramdisk: null, cmdline: null },
    // Only its devices are looked at.
    generationId: [],
    hostCpus: { count: cpus, nodes: numaNodes },
  })
  const running = await context.host.configuration(domainToEnd(ending).domid, operation)
  return { started: devicesOf(started), running: devicesOf(running) }
}

/** A dump that fails keeps nobody from going on. */
const dumpCore = (ending: Ending): Step => ({
  name: 'write a core dump',
  async run(operation) {
    const { context, entry } = ending
    const { domid, memoryMiB } = domainToEnd(ending)
    try {
      const write = (file: string) => context.host.dumpCore(domid, file, operation)
      await writeDump(context.config, { guest: entry.name, needMiB: memoryMiB, write }, operation.log)
    } catch (thrown) {
      operation.log(`no core dump: ${asTetrarchError(thrown).message}`)
    }
  },
})

/** The dead domain goes on as a guest of its own, to be looked at and destroyed. */
const keepDomain = (ending: Ending, reason: EndReason): Step => ({
  name: 'keep the old domain',
  async run(operation) {
    const { context, observer, entry } = ending
    const { host, records, registry } = context
    const { domid } = domainToEnd(ending)
    const { run, definition } = entry
    noteEnd(ending, reason)
    await removeOldest(ending, operation)
    const id = uuid(randomUUID())
    const suffix = `-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
    await host.preserve(domid, { name: entry.name, suffix, uuid: id }, operation)
    const name = `${entry.name}${suffix}`
    await records.copy(entry.uuid, { uuid: id, name, phase: 'running', kept: entry.name, carried: null })
    await observer.detach(entry)
    const { lastWords } = entry
    const kept = registry.add(newEntry({ name, uuid: id, managed: true, definition, kept: entry.name, lastWords }))
    await observer.attach(kept, newRun(domid, { ...run }))
    operation.log(`the old domain is kept as ${name}`)
  },
})

/** A guest that crashes for ever must not fill the host with its corpses. */
async function removeOldest(ending: Ending, operation: Operation): Promise<void> {
  const { context, observer, entry } = ending
  const ofThis = context.registry.all().filter(({ kept, run }) => kept === entry.name && run !== null)
  const surplus = ofThis.slice(0, Math.max(0, ofThis.length - context.config.guests.keptDomains + 1))
  for (const old of surplus) {
    await context.host.destroy(domainToEnd({ context, observer, entry: old }).domid, operation)
    await observer.detach(old)
    await context.records.remove(old.uuid)
    context.registry.remove(old)
    operation.log(`${old.name}, kept from an earlier end, is destroyed`)
  }
}

/** Gives the domain of a guest that began a new kernel by itself (kexec) its new devices. */
export const softReset = (ending: Ending): Step => ({
  name: 'reset its devices',
  async run(operation) {
    const { context, observer, entry } = ending
    const { domid } = domainToEnd(ending)
    const { run } = entry
    await context.host.softReset(domid, await context.host.configuration(domid, operation), operation)
    await observer.detach(entry)
    const again = newRun(domid, { ...run })
    again.console = await context.host.openConsole(domid, entry.name)
    await observer.attach(entry, again)
  },
})
