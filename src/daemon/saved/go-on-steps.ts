/** How a guest that was saved goes on: a domain is built around its memory. */
import { chooseMode } from '../../modes/choose.ts'
import { NOT_LOOKED_FOR } from '../../modes/facts.ts'
import { fail } from '../../words/errors.ts'
import { NO_KERNEL } from '../guests/find-kernel.ts'
import type { GuestEntry } from '../guests/guest-entry.ts'
import type { Draft } from '../guests/plan-steps.ts'
import {
  type Start,
  checkDefinition,
  checkMemory,
  followDomain,
  noteDomain,
  recordStart,
  sweepDomain,
  unpause,
} from '../guests/start-steps.ts'
import type { CreateBody } from '../guests/admission.ts'
import type { Step } from '../steps.ts'
import { mustBeAsLeft } from './disk-marks.ts'
import type { Saved } from './saved-guests.ts'

export function stepsToGoOn(start: Start, saved: Saved): readonly Step[] {
  const boot = { ...NO_KERNEL, booted: saved.booted }
  const draft: Draft = { boot, kernel: NOT_LOOKED_FOR, choice: null, config: saved.config, record: null }
  return [
    checkDisks(saved),
    checkDefinition(start),
    checkMode(start, saved, draft),
    checkMemory(start, draft),
    recordStart(start, draft),
    restoreDomain(start, saved, draft),
    followDomain(start, draft),
    useMemory(start, saved),
    ...(start.then === 'run' ? [unpause(start)] : []),
    forgetMemory(start, saved),
  ]
}

const checkDisks = (saved: Saved): Step => ({ name: 'check its disks', run: () => mustBeAsLeft(saved) })

const checkMode = ({ context: { host }, definition: { spec } }: Start, { mode }: Saved, draft: Draft): Step => ({
  name: 'check the mode',
  async run() {
    draft.choice = chooseMode({ ...spec, mode }, await host.facts())
  },
})

const restoreDomain = (start: Start, saved: Saved, draft: Draft): Step => ({
  name: 'restore the domain',
  async run(operation) {
    const { context, entry } = start
    const domid = await context.host.restore(saved.config, context.saved.fileOf(saved.uuid), operation)
    context.reservations.release(entry.uuid)
    noteDomain(start, draft, domid)
  },
  undo: (operation) => sweepDomain(start, operation),
})

const useMemory = ({ context }: Start, { uuid: id }: Saved): Step => ({
  name: 'use its memory up',
  run: () => context.saved.use(id),
  undo: () => context.saved.giveBack(id),
})

const forgetMemory = ({ context, entry }: Start, { uuid: id }: Saved): Step => ({
  name: 'forget its memory',
  async run({ log }) {
    entry.saved = null
    // What is in use is removed by the next daemon at the latest.
    await context.saved.remove(id).catch((thrown: unknown) => log(`note: its memory is still there: ${String(thrown)}`))
  },
})

/** What runs is what was saved, so whoever asks for something else must forget that first. Throws `wrong-state`. */
export function mustGoOn({ name, defined }: GuestEntry, saved: Saved, asked: CreateBody): void {
  const { definition, from, overrides = [], boot = {} } = asked
  const isOther = definition !== undefined && !defined && definition.text !== saved.definition.text
  if (!isOther && from === undefined && overrides.length === 0 && Object.keys(boot).length === 0) return
  throw fail('wrong-state', {
    what: `"${name}" was saved at ${saved.savedAt} and can only go on as it was`,
    why: isOther
      ? 'this definition is another than the one it ran with'
      : 'settings and boot entries are for a fresh start',
    fix: `let it go on: tetrarch create ${name}; or forget its memory: tetrarch destroy ${name}, then create it so`,
  })
}
