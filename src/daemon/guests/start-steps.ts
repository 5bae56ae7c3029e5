/** How a guest is started: what is checked first is what costs nothing, and nothing is built before everything is known. */
import { setTimeout as sleep } from 'node:timers/promises'
import { withNicDefaults } from '../../config/nic-defaults.ts'
import { chooseMode, fixedMode } from '../../modes/choose.ts'
import { deviceModelReason } from '../../modes/device-model.ts'
import { NOT_LOOKED_FOR } from '../../modes/facts.ts'
import { judge } from '../../modes/verdict.ts'
import { type Domid, uuid } from '../../words/ids.ts'
import type { BootChoice, Operation } from '../host.ts'
import type { Step } from '../steps.ts'
import { admitMemory, missingMemory } from './admit-memory.ts'
import type { Common, Context } from './context.ts'
import { type GuestEntry, newRun } from './guest-entry.ts'
import { lintOnHost, mustBeFit } from './lint-on-host.ts'
import type { Observer } from './observer.ts'
import { findingText } from './read-definition.ts'
import { type Draft, type Planned, type Restart, planSteps } from './plan-steps.ts'

export interface Start extends Pick<Planned, 'definition'> {
  readonly context: Context
  readonly boot: BootChoice
  readonly observer: Observer
  readonly entry: GuestEntry
  /** Whether the guest runs at the end, or waits for an unpause. */
  readonly then: 'run' | 'stay-paused'
  /** Null for a start that someone asked for. */
  readonly restart: Restart | null
}

export function stepsToStart(start: Start): readonly Step[] {
  const { steps, draft } = planSteps({ ...start, uuid: start.entry.uuid })
  return [
    ...(start.restart !== null && start.restart.pauseMs > 0 ? [pauseBefore(start, start.restart.pauseMs)] : []),
    checkDefinition(start),
    ...steps,
    checkMemory(start, draft),
    recordStart(start, draft),
    buildDomain(start, draft),
    followDomain(start, draft),
    ...(start.then === 'run' ? [unpause(start)] : []),
  ]
}

/** A guest that crashes again and again restarts ever later. */
const pauseBefore = ({ entry, context }: Start, pauseMs: number): Step => ({
  name: 'pause before the restart',
  async run({ signal, log }) {
    log(`it has crashed ${entry.brake?.crashes ?? 0} times; it restarts in ${pauseMs / 1000} s`)
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  },
  undo: () => forgetStart(context, entry),
})

/** A restart that is cut off because the daemon stops is one that the next daemon makes. */
async function forgetStart({ stopping, records }: Common, { uuid }: GuestEntry): Promise<void> {
  if (!stopping.aborted) await records.remove(uuid)
}

export const checkDefinition = ({ context, definition, entry, restart }: Start): Step => ({
  name: 'check the definition',
  // The end of the domain before has left a record, by which the next daemon would start a guest whose restart has failed.
  ...(restart !== null && { undo: () => forgetStart(context, entry) }),
  async run({ log }) {
    const { host } = context
    const { spec } = definition
    const mode = fixedMode(spec)
    // What the host and the definition say against a named mode needs no look at the disk.
    if (mode !== null && !judge(mode, spec, await host.facts(), NOT_LOOKED_FOR).possible)
      chooseMode(spec, await host.facts())
    await host.checkResources(withNicDefaults(spec, (await host.facts()).nicDefaults))
    const findings = await lintOnHost(context, definition, 'running')
    for (const finding of findings) if (finding.severity === 'warning') log(`warning: ${findingText(finding)}`)
    mustBeFit(definition, findings)
  },
})

export const checkMemory = ({ context, entry }: Start, draft: Draft): Step => ({
  name: 'check the memory',
  async run(operation) {
    const neededMiB = await context.host.neededMemoryMiB(draft.config, operation)
    const freeMiB = async () => (await context.host.facts()).freeMemoryMiB
    await context.prepared.makeRoom(missingMemory(context, entry, { neededMiB, freeMiB: await freeMiB() }), operation)
    admitMemory(context, entry, { neededMiB, freeMiB: await freeMiB() })
  },
  undo() {
    context.reservations.release(entry.uuid)
    return Promise.resolve()
  },
})

export const recordStart = (start: Start, draft: Draft): Step => ({
  name: 'record the start',
  async run() {
    const { context, entry, definition } = start
    if (draft.choice === null) throw new Error('no mode was chosen')
    draft.record = {
      version: 2,
      uuid: entry.uuid,
      name: entry.name,
      bootId: context.bootId,
      phase: start.restart === null ? 'building' : 'restarting',
      then: start.then,
      domid: null,
      mode: draft.choice.mode.name,
      spec: definition.spec,
      definition: { file: definition.file, text: definition.text, overrides: [...definition.overrides] },
      booted: draft.boot.booted,
      deviceModelReason: deviceModelReason(definition.spec, draft.choice.mode),
      startedAt: new Date().toISOString(),
      kept: null,
      carried: entry.carried,
    }
    await context.records.save(draft.record)
  },
  undo: () =>
    start.restart === null ? start.context.records.remove(start.entry.uuid) : forgetStart(start.context, start.entry),
})

const buildDomain = (start: Start, draft: Draft): Step => {
  const { context, entry } = start
  const { host } = context
  return {
    name: 'build the domain',
    async run(operation) {
      const domid = await host.build(draft.config, operation)
      context.reservations.release(entry.uuid)
      // libxl has copied kernel and ramdisk into the domain.
      await host.releaseBoot(draft.boot)
      noteDomain(start, draft, domid)
    },
    undo: (operation) => sweepDomain(start, operation),
  }
}

/** The guest has a domain now. */
export function noteDomain({ entry }: Start, draft: Draft, domid: Domid): void {
  if (draft.record === null || draft.choice === null) throw new Error('the start was not recorded')
  const { booted, deviceModelReason, startedAt } = draft.record
  draft.record = { ...draft.record, domid }
  entry.run = newRun(domid, { mode: draft.choice.mode, booted, deviceModelReason, startedAt })
}

/** Takes away what there is of its domain. */
export async function sweepDomain(
  { context, observer, entry, definition }: Start,
  operation: Operation,
): Promise<void> {
  await observer.detach(entry)
  await context.host.sweep(uuid(entry.uuid), definition.spec, operation)
}

export const followDomain = ({ context, observer, entry }: Start, draft: Draft): Step => ({
  name: 'follow the domain',
  async run(operation) {
    const { run } = entry
    if (run === null || draft.record === null) throw new Error('the domain was not built')
    const opened = openConsole(context, entry.name, run.domid, operation).then((guestConsole) => {
      run.console = guestConsole
    })
    const saved = context.records.save({ ...draft.record, phase: 'running', carried: null })
    // All are waited for also when one fails, so that the undo finds what it is to close.
    for (const each of await Promise.allSettled([opened, observer.attach(entry, run), saved]))
      if (each.status === 'rejected') throw each.reason
    entry.carried = null
  },
})

/** A guest without a console still runs; the task's log says what is missing. */
export async function openConsole(context: Common, name: string, domid: number, operation: Operation) {
  try {
    return await context.host.openConsole(domid as Parameters<Context['host']['openConsole']>[0], name)
  } catch (thrown) {
    operation.log(`no console: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    return null
  }
}

export const unpause = ({ context: { host }, entry }: Start): Step => ({
  name: 'let it run',
  async run(operation) {
    if (entry.run === null) throw new Error('the domain was not built')
    await host.unpause(entry.run.domid, operation)
  },
})
