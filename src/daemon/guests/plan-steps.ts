/** What is found out of a guest before it is started, and all that is found out where nothing is started: its kernel and its mode. */
import { randomBytes } from 'node:crypto'
import { withoutLaterKeys } from '../../config/later-keys.ts'
import { withNicDefaults } from '../../config/nic-defaults.ts'
import { carryDevices } from '../../libxl/carry-devices.ts'
import { domainConfig } from '../../libxl/domain-config.ts'
import type { JsonObject } from '../../libxl/requests.ts'
import { type Choice, chooseMode, evidenceOf, remarksOf } from '../../modes/choose.ts'
import { type KernelFinding, NOT_LOOKED_FOR } from '../../modes/facts.ts'
import { asTetrarchError } from '../../words/errors.ts'
import { uuid } from '../../words/ids.ts'
import type { BootChoice, BootSource, Operation } from '../host.ts'
import type { Step } from '../steps.ts'
import type { Common } from './context.ts'
import { mayHaveDeviceModel } from './device-model-policy.ts'
import { NO_KERNEL, findKernel } from './find-kernel.ts'
import type { Definition, GuestEntry } from './guest-entry.ts'
import type { RunRecord } from './run-record.ts'

/** What the steps find out, each for those after it. */
export interface Draft {
  boot: BootSource
  kernel: KernelFinding
  choice: Choice | null
  config: JsonObject
  record: RunRecord | null
}

/** What a start is planned for. */
export interface Planned {
  readonly context: Common
  readonly definition: Definition
  readonly uuid: string
  /** Null where nothing is started. */
  readonly entry: GuestEntry | null
  /** What is booted this once; a restart boots the default again, as a guest's own menu would. */
  readonly boot?: BootChoice
  readonly restart?: Restart | null
}

/** A start that follows the end of the guest's domain. */
export interface Restart {
  readonly pauseMs: number
  /** Settles when its disk has been read for it, where that was begun. */
  readonly ahead?: Promise<void> | undefined
}

/** The steps that find out how a guest is to be started, and where they put it. */
export function planSteps(planned: Planned): { readonly steps: readonly Step[]; readonly draft: Draft } {
  const draft: Draft = { boot: NO_KERNEL, kernel: NOT_LOOKED_FOR, choice: null, config: {}, record: null }
  return { steps: [findItsKernel(planned, draft), chooseItsMode(planned, draft)], draft }
}

const findItsKernel = (planned: Planned, draft: Draft): Step => {
  const {
    definition: { spec },
    boot: choice,
    restart,
  } = planned
  const { host } = planned.context
  return {
    name: 'find the kernel',
    async run(operation) {
      await restart?.ahead
      const { boot, finding } = await findKernel(host, spec, operation, choice)
      draft.boot = boot
      draft.kernel = finding
    },
    undo: () => host.releaseBoot(draft.boot),
  }
}

const chooseItsMode = ({ context, entry, uuid: id, definition: { spec } }: Planned, draft: Draft): Step => ({
  name: 'choose the mode',
  async run({ log }) {
    const { host, config } = context
    const facts = await host.facts()
    draft.choice = chooseMode(spec, facts, draft.kernel)
    const { mode } = draft.choice
    log(`mode ${mode.name}: ${evidenceOf(draft.choice).join('; ')}`)
    for (const remark of remarksOf(draft.choice)) log(`note: ${remark}`)
    mayHaveDeviceModel(spec, mode, config)
    if (entry !== null) await noteChoice(context, entry, draft.choice, log)
    // A kernel that was read to make the choice is of no use to a mode that boots through firmware.
    if (mode.kernel === null && spec.kernel === undefined) draft.boot = await exchange(host, draft.boot)
    const defined = domainConfig({
      spec: withNicDefaults(withoutLaterKeys(spec, facts.xenVersion), facts.nicDefaults),
      mode,
      uuid: uuid(id),
      boot: draft.boot,
      generationId: [...randomBytes(GENERATION_ID_BYTES)],
      hostCpus: { count: facts.cpus, nodes: facts.numaNodes },
    })
    const carried = entry?.carried ?? null
    draft.config = carried === null ? defined : carryDevices(defined, carried)
    if (spec.vcpus > facts.cpus)
      log(`note: it has ${spec.vcpus} vCPUs and the host ${facts.cpus} processors, which they share`)
  },
})

/** libxl_ms_vm_genid (Xen tools/libs/light/libxl.h, LIBXL_MS_VM_GENID_LEN). */
const GENERATION_ID_BYTES = 16

/** Tells of a choice that is another than the last one: the host, the definition or the guest's kernel has changed. */
async function noteChoice(
  { memory, bus, log }: Common,
  { name, uuid }: GuestEntry,
  choice: Choice,
  tell: Operation['log'],
): Promise<void> {
  const to = choice.mode.name
  const from = memory.chosen(uuid)?.mode ?? null
  if (from === to) return
  // On a full disk the guest starts all the same.
  await memory.remember({ uuid, name }, 'chosen', to).catch((thrown: unknown) => {
    tell(`note: the mode cannot be remembered: ${asTetrarchError(thrown).message}`)
  })
  if (from === null) return
  const evidence = evidenceOf(choice)
  log.info({ guest: name, from, to, evidence }, 'another mode is chosen than the last time')
  bus.publish({ kind: 'guest.choice', guest: name, uuid, domid: null, from, to, evidence: [...evidence] })
}

async function exchange(host: Common['host'], boot: BootSource): Promise<BootSource> {
  await host.releaseBoot(boot)
  return NO_KERNEL
}
