/** How a guest is saved: its memory is written into a file, and its domain taken away. */
import type { Step } from '../steps.ts'
import type { JsonObject } from '../../libxl/requests.ts'
import { asTetrarchError, fail } from '../../words/errors.ts'
import { freeSpaceMiB } from '../free-space.ts'
import { domainOf } from '../guests/context.ts'
import { type Ending, domainToEnd, stepsToDestroy } from '../guests/end-steps.ts'
import type { GuestEntry } from '../guests/guest-entry.ts'
import type { Operation } from '../host.ts'
import { markDisks } from './disk-marks.ts'
import type { Saved } from './saved-guests.ts'

/** The stream has headers besides the pages, and an HVM domain the state of its QEMU. */
const BESIDE_ITS_PAGES_MIB = 32

export function stepsToSave(ending: Ending, because: Saved['because']): readonly Step[] {
  const draft: { config: JsonObject } = { config: {} }
  return [
    checkSpace(ending),
    noteConfiguration(ending, draft),
    writeMemory(ending),
    keepMemory(ending, draft, because),
    ...stepsToDestroy(ending, 'suspend', 'forget'),
    noteDisks(ending),
  ]
}

const checkSpace = (ending: Ending): Step => ({
  name: 'check the space',
  async run() {
    const { context, entry } = ending
    const { paths, saved } = context.config
    await context.saved.begin(entry.uuid)
    const needMiB = domainToEnd(ending).memoryMiB + BESIDE_ITS_PAGES_MIB
    const freeMiB = await freeSpaceMiB(paths.saved)
    if (freeMiB - saved.keepFreeMiB >= needMiB) return
    throw fail('storage-failed', {
      what: `there is no room for the memory of "${entry.name}"`,
      where: paths.saved,
      why: `it takes up to ${needMiB} MiB; ${freeMiB} MiB are free, of which ${saved.keepFreeMiB} MiB are left alone`,
      fix: 'make room there, or set another folder: paths.saved in tetrarchd.toml',
    })
  },
})

const noteConfiguration = (ending: Ending, draft: { config: JsonObject }): Step => ({
  name: 'note what is attached',
  async run(operation) {
    draft.config = await ending.context.host.configuration(domainToEnd(ending).domid, operation)
  },
})

const writeMemory = (ending: Ending): Step => ({
  name: 'write its memory',
  async run(operation) {
    const { context, entry } = ending
    await context.records.changeFrom('running', entry.uuid, { phase: 'saving' })
    const file = await context.saved.begin(entry.uuid)
    await context.host.save(domainToEnd(ending).domid, file, operation)
  },
  undo: (operation) => letGoOn(ending, operation),
})

/** The guest runs on as before; only then is what was kept of it forgotten. */
export async function letGoOn({ context, entry }: Omit<Ending, 'observer'>, operation: Operation): Promise<void> {
  const domain = domainOf(context.host, entry.run?.domid)
  if (domain === null) return
  if (domain.shutdown === 'suspend') await context.host.resume(domain.domid, operation)
  else if (domain.shutdown === null) await context.host.withdraw(domain.domid)
  await context.saved.remove(entry.uuid)
  entry.saved = null
  await context.records.changeFrom('saving', entry.uuid, { phase: 'running' })
}

const keepMemory = ({ context, entry }: Ending, draft: { config: JsonObject }, because: Saved['because']): Step => ({
  name: 'keep its memory',
  async run({ log }) {
    const { run, definition, uuid, name } = entry
    const { mode = null, booted = null, deviceModelReason = null } = run ?? {}
    if (mode === null || booted === null || definition === null) throw new Error('what cannot be saved was not refused')
    const { file, text, overrides, spec } = definition
    entry.saved = await context.saved.keep({
      ...{ version: 1, uuid, name, because, savedAt: new Date().toISOString(), mode: mode.name, spec },
      definition: { file, text, overrides: [...overrides] },
      ...{ booted, deviceModelReason, config: draft.config, disks: [] },
    })
    log(`${Math.ceil(entry.saved.bytes / 2 ** 20)} MiB are kept in ${context.saved.fileOf(uuid)}`)
  },
})

/** Only now does nobody write to them any more. */
const noteDisks = ({ context, entry }: Ending): Step => ({
  name: 'note its disks',
  async run({ log }) {
    const { saved } = entry
    if (saved === null) return
    try {
      entry.saved = await context.saved.noteDisks(saved, await markDisks(saved.spec))
    } catch (thrown) {
      log(`note: whether its disks are changed will not be seen: ${asTetrarchError(thrown).message}`)
    }
  },
})

/** The next start boots it. */
export const forgetSaved = ({ context, entry }: Ending): Step => ({
  name: 'forget its memory',
  async run() {
    await context.saved.remove(entry.uuid)
    entry.saved = null
  },
})

/** Throws `wrong-state` for a guest of which too little is known to let it go on. */
export function mustBeSavable({ name, run, kept }: GuestEntry): void {
  if (run !== null && run.mode !== null && run.booted !== null && kept === null) return
  throw fail('wrong-state', { what: `cannot save "${name}"`, why: 'only guests that tetrarch has started are saved' })
}
