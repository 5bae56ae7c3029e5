/** How a guest is started in a domain that was built ahead: what is left is its name, its devices, and to let it run. */
import { withNicDefaults } from '../../config/nic-defaults.ts'
import { domainConfig } from '../../libxl/domain-config.ts'
import { chooseMode } from '../../modes/choose.ts'
import { deviceModelReason } from '../../modes/device-model.ts'
import { NOT_LOOKED_FOR } from '../../modes/facts.ts'
import { modeNamed } from '../../modes/index.ts'
import { fail } from '../../words/errors.ts'
import { domid, uuid } from '../../words/ids.ts'
import type { Prepared } from '../prepared/prepared-record.ts'
import type { Step } from '../steps.ts'
import { NO_KERNEL } from './find-kernel.ts'
import type { Draft } from './plan-steps.ts'
import {
  type Start,
  checkDefinition,
  followDomain,
  noteDomain,
  recordStart,
  sweepDomain,
  unpause,
} from './start-steps.ts'

export function stepsToEquip(start: Start, prepared: Prepared): readonly Step[] {
  const boot = { ...NO_KERNEL, booted: prepared.booted }
  const draft: Draft = { boot, kernel: NOT_LOOKED_FOR, choice: null, config: {}, record: null }
  return [
    takeIt(start, prepared),
    checkDefinition(start),
    planDevices(start, prepared, draft),
    recordStart(start, draft),
    equip(start, prepared, draft),
    followDomain(start, draft),
    ...(start.then === 'run' ? [unpause(start)] : []),
  ]
}

/** What was taken apart by a later step's undo is not there any more to be given back. */
const takeIt = ({ context }: Start, prepared: Prepared): Step => ({
  name: 'take a domain that was built ahead',
  run({ log }) {
    log(`${prepared.name}, domain ${prepared.domid ?? 0}, was built ahead of it`)
    return Promise.resolve()
  },
  undo() {
    context.prepared.giveBack(prepared)
    return Promise.resolve()
  },
})

const planDevices = ({ context, definition: { spec } }: Start, prepared: Prepared, draft: Draft): Step => ({
  name: 'plan its devices',
  async run() {
    const facts = await context.host.facts()
    draft.choice = chooseMode({ ...spec, mode: prepared.mode }, facts)
    const reason = deviceModelReason(spec, modeNamed(prepared.mode))
    if (reason !== null) {
      const fix = 'give it disks that need no QEMU, or start it from a file of its own'
      throw fail('config-invalid', { what: `"${spec.name}" cannot be made of a domain built ahead`, why: reason, fix })
    }
    draft.config = domainConfig({
      spec: withNicDefaults(spec, facts.nicDefaults),
      mode: draft.choice.mode,
      uuid: uuid(prepared.uuid),
      boot: draft.boot,
      generationId: [],
      hostCpus: { count: facts.cpus, nodes: facts.numaNodes },
    })
  },
})

const equip = (start: Start, prepared: Prepared, draft: Draft): Step => ({
  name: 'give it its name and devices',
  async run(operation) {
    const { context } = start
    if (prepared.domid === null) throw new Error('what is half built was taken')
    await context.prepared.forget(prepared)
    const its = domid(prepared.domid)
    const { name: from, uuid: id } = prepared
    await context.host.equip(its, { from, uuid: uuid(id), config: draft.config }, operation)
    noteDomain(start, draft, its)
  },
  undo: (operation) => sweepDomain(start, operation),
})
