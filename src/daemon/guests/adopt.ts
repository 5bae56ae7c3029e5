/**
 * What the daemon does first: it reads the definitions and the run records, asks Xen which domains there are, and takes up
 * each guest where an earlier daemon left it. Guests notice nothing. What was only half-made is removed.
 */
import { modeNamed } from '../../modes/index.ts'
import { asTetrarchError } from '../../words/errors.ts'
import { uuid } from '../../words/ids.ts'
import type { Domain, Operation } from '../host.ts'
import type { Context } from './context.ts'
import { readFolder } from './definitions.ts'
import { type Definition, type GuestEntry, newEntry, newRun } from './guest-entry.ts'
import type { Observer } from './observer.ts'
import type { RunRecord } from './run-record.ts'
import { stableUuid } from './stable-uuid.ts'
import { openConsole } from './start-steps.ts'

export async function adopt(context: Context, observer: Observer): Promise<{ adopted: number }> {
  const { records, host, log, bootId } = context
  await refreshDefinitions(context)
  let adopted = 0
  for (const record of await records.load((file, why) => log.error(`${file} is damaged and was left alone: ${why}`))) {
    const domain = host.domains().find((candidate) => candidate.uuid === record.uuid) ?? null
    if (record.bootId !== bootId || domain === null) await forget(context, record)
    else if (record.phase === 'building' || domain.domid !== record.domid) await removeHalfMade(context, record, domain)
    else {
      await takeUp(context, observer, record, domain)
      adopted++
    }
  }
  return { adopted }
}

/** Reads the guests folder again; definitions of guests that run are kept for their next start. */
export async function refreshDefinitions(context: Context): Promise<void> {
  const { registry, log, config, machineId } = context
  const { definitions, unreadable } = await readFolder(config.paths.guests)
  for (const { file, error } of unreadable) log.error(`${file} cannot be used: ${error.message}`)
  const named = new Set(definitions.map(({ spec }) => spec.name as string))
  for (const entry of registry.all()) {
    if (!entry.defined || named.has(entry.name)) continue
    entry.defined = false
    if (entry.run === null && entry.operation === null) registry.remove(entry)
  }
  for (const definition of definitions) define(context, definition, machineId)
}

function define({ registry }: Context, definition: Definition, machineId: string): void {
  const { name } = definition.spec
  const known = registry.named(name)
  if (known === null) {
    registry.add(newEntry({ name, uuid: guestUuid(definition, machineId), managed: true, definition, defined: true }))
    return
  }
  known.defined = true
  if (known.run === null && known.operation === null) known.definition = definition
  else if (known.definition?.text !== definition.text) known.nextDefinition = definition
}

export const guestUuid = ({ spec }: Definition, machineId: string): string =>
  spec.uuid ?? stableUuid(machineId, spec.name)

async function takeUp(context: Context, observer: Observer, record: RunRecord, domain: Domain): Promise<void> {
  const { registry, log } = context
  const entry = entryFor(context, record)
  registry.add(entry)
  const run = newRun(domain.domid, {
    mode: modeNamed(record.mode),
    startedAt: record.startedAt,
    booted: record.booted,
    deviceModelReason: record.deviceModelReason,
  })
  entry.run = run
  run.console = await openConsole(context, entry.name, run.domid, logOnly(context))
  await observer.attach(entry, run)
  log.info({ guest: entry.name, domid: run.domid }, 'the guest is managed again')
}

/** The entry of a run: with the definition it was started from, which may differ from the file by now. */
function entryFor({ registry }: Context, { name, uuid, spec, definition }: RunRecord): GuestEntry {
  const known = registry.named(name)
  const nextDefinition = known?.definition?.text === definition.text ? null : (known?.definition ?? null)
  const started = { ...definition, spec, warnings: [] }
  return newEntry({ name, uuid, managed: true, defined: known?.defined ?? false, definition: started, nextDefinition })
}

async function forget({ records, log }: Context, { name, uuid }: RunRecord): Promise<void> {
  log.info({ guest: name }, 'its domain is gone; the run is forgotten')
  await records.remove(uuid)
}

/** The daemon died in the middle of a create: nothing of it is worth keeping. */
async function removeHalfMade(context: Context, record: RunRecord, { domid }: Domain): Promise<void> {
  const { host, log, records } = context
  log.warn({ guest: record.name, domid }, 'a half-made domain of an interrupted create is removed')
  try {
    await host.sweep(uuid(record.uuid), record.spec, logOnly(context))
    await records.remove(record.uuid)
  } catch (thrown) {
    log.error({ guest: record.name, domid }, `it could not be removed: ${asTetrarchError(thrown).message}`)
  }
}

const logOnly = ({ log }: Context): Operation => ({
  signal: new AbortController().signal,
  log: (line) => log.info(line),
})
