/** How a domain is built that no guest has yet. */
import type { GuestSpec } from '../../config/guest-spec.ts'
import { admitMemory } from '../guests/admit-memory.ts'
import type { Common } from '../guests/context.ts'
import type { Definition } from '../guests/guest-entry.ts'
import { type Draft, planSteps } from '../guests/plan-steps.ts'
import type { Step } from '../steps.ts'
import { fail } from '../../words/errors.ts'
import type { Domid, GuestName, Uuid } from '../../words/ids.ts'
import type { Prepared, PreparedRecords } from './prepared-record.ts'
import { whyNotPrepared, withoutOwnDevices } from './preparable.ts'

export interface Ahead {
  readonly context: Common
  readonly records: PreparedRecords
  readonly template: Definition
  readonly uuid: Uuid
  readonly fingerprint: string
  /** Called with the domain once it is whole. */
  readonly keep: (prepared: Prepared) => void
}

/** What shows in `xl list`: whose it will be, and which one. */
const nameFor = (template: string, uuid: Uuid): GuestName =>
  `${template.slice(0, LONGEST_TEMPLATE)}+${uuid.slice(0, 8)}` as GuestName
/** So that the whole is a name that a guest could have. */
const LONGEST_TEMPLATE = 54

export function stepsToBuildAhead(ahead: Ahead): readonly Step[] {
  const { context, template, uuid } = ahead
  const { spec } = template
  const bare = { ...template, spec: { ...withoutOwnDevices(spec), name: nameFor(spec.name, uuid) } }
  const { steps, draft } = planSteps({ context, definition: bare, uuid, entry: null })
  const bound: Bound = { ...ahead, bare: bare.spec, draft }
  return [...steps, checkItCan(bound), checkMemory(bound), record(bound), build(bound)]
}

interface Bound extends Ahead {
  /** Without devices, and under the name that the domain has. */
  readonly bare: GuestSpec
  readonly draft: Draft
}

const checkItCan = ({ template: { spec }, draft }: Bound): Step => ({
  name: 'check that it can be built ahead',
  run() {
    const against = draft.choice === null ? null : whyNotPrepared(spec, draft.choice.mode)
    if (against === null) return Promise.resolve()
    return Promise.reject(fail('config-invalid', { what: `"${spec.name}" cannot be built ahead`, ...against }))
  },
})

const checkMemory = ({ context, uuid, bare: { name }, draft }: Bound): Step => ({
  name: 'check the memory',
  async run(operation) {
    const neededMiB = await context.host.neededMemoryMiB(draft.config, operation)
    const freeMiB = (await context.host.facts()).freeMemoryMiB - context.config.prepared.keepFreeMiB
    admitMemory(context, { name, uuid }, { neededMiB, freeMiB })
  },
  undo() {
    context.reservations.release(uuid)
    return Promise.resolve()
  },
})

const record = (bound: Bound): Step => ({
  name: 'record the start',
  run: () => bound.records.save(recordOf(bound, null)),
  undo: () => bound.records.remove(bound.uuid),
})

const build = (bound: Bound): Step => {
  const { context, uuid, bare, draft, records, keep } = bound
  return {
    name: 'build the domain',
    async run(operation) {
      const prepared = recordOf(bound, await context.host.build(draft.config, operation))
      context.reservations.release(uuid)
      await context.host.releaseBoot(draft.boot)
      await records.save(prepared)
      keep(prepared)
    },
    undo: (operation) => context.host.sweep(uuid, bare, operation),
  }
}

function recordOf({ context, template, uuid, fingerprint, bare, draft }: Bound, domid: Domid | null): Prepared {
  if (draft.choice === null) throw new Error('no mode was chosen')
  const names = { uuid, template: template.spec.name, name: bare.name, bootId: context.bootId }
  const found = { mode: draft.choice.mode.name, booted: draft.boot.booted }
  return { version: 1, ...names, domid, fingerprint, ...found, spec: template.spec }
}
