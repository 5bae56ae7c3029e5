/** How a guest is started: what is checked first is what costs nothing, and nothing is built before everything is known. */
import { domainConfig } from '../../libxl/domain-config.ts'
import type { JsonObject } from '../../libxl/requests.ts'
import { type Choice, chooseMode, fixedMode, wantsKernel } from '../../modes/choose.ts'
import { judge } from '../../modes/verdict.ts'
import { deviceModelReason } from '../../qemu/device-model-plan.ts'
import { fail } from '../../words/errors.ts'
import { uuid } from '../../words/ids.ts'
import type { BootSource, Operation } from '../host.ts'
import type { Step } from '../steps.ts'
import type { Context } from './context.ts'
import { type Definition, type GuestEntry, newRun } from './guest-entry.ts'
import type { Observer } from './observer.ts'
import type { RunRecord } from './run-record.ts'

/** What the steps find out, each for those after it. */
interface Draft {
  boot: BootSource
  choice: Choice | null
  config: JsonObject
  record: RunRecord | null
}

export interface Start {
  readonly context: Context
  readonly observer: Observer
  readonly entry: GuestEntry
  readonly definition: Definition
  /** Whether the guest runs at the end, or waits for an unpause. */
  readonly then: 'run' | 'stay-paused'
}

const NO_KERNEL: BootSource = {
  kernel: null,
  ramdisk: null,
  cmdline: null,
  booted: { how: 'firmware', what: 'BIOS or UEFI, from its own devices', kernelVersion: null },
  kernelFacts: null,
}

export function stepsToStart(start: Start): readonly Step[] {
  const draft: Draft = { boot: NO_KERNEL, choice: null, config: {}, record: null }
  return [
    checkDefinition(start),
    findKernel(start, draft),
    chooseItsMode(start, draft),
    checkMemory(start, draft),
    recordStart(start, draft),
    buildDomain(start, draft),
    followDomain(start, draft),
    ...(start.then === 'run' ? [unpause(start)] : []),
  ]
}

const checkDefinition = ({ context: { host }, definition: { spec } }: Start): Step => ({
  name: 'check the definition',
  async run() {
    const mode = fixedMode(spec)
    // What the host and the definition say against a named mode needs no look at the disk.
    if (mode !== null && !judge(mode, spec, await host.facts(), null).possible)
      chooseMode(spec, await host.facts(), null)
    await host.checkResources(spec)
  },
})

const findKernel = ({ context: { host }, definition: { spec } }: Start, draft: Draft): Step => ({
  name: 'find the kernel',
  async run(operation) {
    if (wantsKernel(spec) || spec.kernel !== undefined) draft.boot = await host.prepareBoot(spec, operation)
  },
  undo: () => host.releaseBoot(draft.boot),
})

const chooseItsMode = ({ context: { host }, entry, definition: { spec } }: Start, draft: Draft): Step => ({
  name: 'choose the mode',
  async run({ log }) {
    draft.choice = chooseMode(spec, await host.facts(), draft.boot.kernelFacts)
    const { mode, evidence, remarks } = draft.choice
    log(`mode ${mode.name}: ${evidence.join('; ')}`)
    for (const remark of remarks) log(`note: ${remark}`)
    // A kernel that was read to make the choice is of no use to a mode that boots through firmware.
    if (mode.kernel === null && spec.kernel === undefined) draft.boot = await exchange(host, draft.boot)
    const hostCpus = { count: (await host.facts()).cpus, nodes: [] }
    draft.config = domainConfig({ spec, mode, uuid: uuid(entry.uuid), boot: draft.boot, hostCpus })
  },
})

async function exchange(host: Context['host'], boot: BootSource): Promise<BootSource> {
  await host.releaseBoot(boot)
  return NO_KERNEL
}

const checkMemory = ({ context: { host, config }, entry }: Start, draft: Draft): Step => ({
  name: 'check the memory',
  async run(operation) {
    const neededMiB = await host.neededMemoryMiB(draft.config, operation)
    const { freeMemoryMiB } = await host.facts()
    const availableMiB = freeMemoryMiB - config.guests.dom0ReserveMiB
    if (neededMiB <= availableMiB) return
    throw fail('no-memory', {
      what: `"${entry.name}" needs ${neededMiB} MiB, and Xen has ${Math.max(0, availableMiB)} MiB to give`,
      why: `${neededMiB - availableMiB} MiB are missing`,
      fix: 'lower memory= in its definition, or shut another guest down (tetrarch list shows who has how much)',
    })
  },
})

const recordStart = ({ context, entry, definition }: Start, draft: Draft): Step => ({
  name: 'record the start',
  async run() {
    if (draft.choice === null) throw new Error('no mode was chosen')
    draft.record = {
      version: 1,
      uuid: entry.uuid,
      name: entry.name,
      bootId: context.bootId,
      phase: 'building',
      domid: null,
      mode: draft.choice.mode.name,
      spec: definition.spec,
      definition: { file: definition.file, text: definition.text },
      booted: draft.boot.booted,
      deviceModelReason: deviceModelReason(definition.spec, draft.choice.mode),
      startedAt: new Date().toISOString(),
    }
    await context.records.save(draft.record)
  },
  undo: () => context.records.remove(entry.uuid),
})

const buildDomain = (start: Start, draft: Draft): Step => {
  const { context, observer, entry, definition } = start
  const { host } = context
  return {
    name: 'build the domain',
    async run(operation) {
      const domid = await host.build(draft.config, operation)
      // libxl has copied kernel and ramdisk into the domain.
      await host.releaseBoot(draft.boot)
      if (draft.record === null || draft.choice === null) throw new Error('the start was not recorded')
      const { booted, deviceModelReason, startedAt } = draft.record
      draft.record = { ...draft.record, domid }
      entry.run = newRun(domid, { mode: draft.choice.mode, booted, deviceModelReason, startedAt })
    },
    async undo(operation) {
      await observer.detach(entry)
      await host.sweep(uuid(entry.uuid), definition.spec, operation)
    },
  }
}

const followDomain = ({ context, observer, entry }: Start, draft: Draft): Step => ({
  name: 'follow the domain',
  async run(operation) {
    const { run } = entry
    if (run === null || draft.record === null) throw new Error('the domain was not built')
    run.console = await openConsole(context, entry.name, run.domid, operation)
    await observer.attach(entry, run)
    await context.records.save({ ...draft.record, phase: 'running' })
  },
})

/** A guest without a console still runs; the task's log says what is missing. */
export async function openConsole(context: Context, name: string, domid: number, operation: Operation) {
  try {
    return await context.host.openConsole(domid as Parameters<Context['host']['openConsole']>[0], name)
  } catch (thrown) {
    operation.log(`no console: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    return null
  }
}

const unpause = ({ context: { host }, entry }: Start): Step => ({
  name: 'let it run',
  async run(operation) {
    if (entry.run === null) throw new Error('the domain was not built')
    await host.unpause(entry.run.domid, operation)
  },
})
