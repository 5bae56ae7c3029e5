/**
 * What the daemon does first: it reads the definitions and the run records, asks Xen which domains there are, and takes up
 * each guest where an earlier daemon left it. Guests notice nothing. What was only half-made is removed.
 */
import { modeNamed } from '../../modes/index.ts'
import { asTetrarchError } from '../../words/errors.ts'
import { uuid } from '../../words/ids.ts'
import type { Domain, Operation } from '../host.ts'
import type { Context } from './context.ts'
import { type GuestEntry, newEntry, newRun } from './guest-entry.ts'
import type { Observer } from './observer.ts'
import type { RunRecord } from './run-record.ts'
import { openConsole } from './start-steps.ts'

/** What was found, and what is left to do about it once the daemon is at work. */
export interface Adoption {
  readonly adopted: number
  /** Guests whose restart an earlier daemon could not finish. */
  readonly toRestart: readonly GuestEntry[]
  /** Whole domains that an earlier daemon had not let run. */
  readonly toLetRun: readonly GuestEntry[]
  /** Guests that an earlier daemon could not finish to save. */
  readonly toLetGoOn: readonly GuestEntry[]
}

/** The guests folder was read before. */
export async function adopt(context: Context, observer: Observer): Promise<Adoption> {
  const { records, whole } = await loadRecords(context)
  const outcomes = await Promise.all(records.map((record) => settle(context, observer, record)))
  const entriesThat = (wanted: Settled['kind']) =>
    outcomes.flatMap((outcome) => (outcome.kind === wanted && 'entry' in outcome ? [outcome.entry] : []))
  const toLetRun = entriesThat('let-run')
  const toLetGoOn = entriesThat('let-go-on')
  if (!whole) context.log.error('records of running guests were damaged; see above for what became of them')
  return {
    adopted: entriesThat('taken-up').length + toLetRun.length + toLetGoOn.length,
    toRestart: entriesThat('restart'),
    toLetRun,
    toLetGoOn,
  }
}

type Settled =
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'taken-up' | 'let-run' | 'let-go-on' | 'restart'; readonly entry: GuestEntry }

/** What makes this guest valid? Xen says what is there, the record what was meant. */
async function settle(context: Context, observer: Observer, record: RunRecord): Promise<Settled> {
  const domains = context.host.domains().filter(({ uuid: id }) => id === record.uuid)
  const ours = domains.find(({ domid }) => domid === record.domid) ?? null
  if (record.bootId !== context.bootId) return await forget(context, record)
  const isSaved = context.registry.named(record.name)?.saved?.uuid === record.uuid
  if (record.phase === 'saving' && !isSaved && ours !== null)
    return { kind: 'let-go-on', entry: await takeUp(context, observer, record, ours) }
  if (record.phase === 'running' && !isSaved) {
    // A domain of the same uuid and another number was made by someone else since.
    if (ours === null) return await forget(context, record)
    const entry = await takeUp(context, observer, record, ours)
    const wasNeverLetRun = ours.state === 'paused' && ours.cpuTimeSeconds === 0
    return { kind: wasNeverLetRun && record.then === 'run' ? 'let-run' : 'taken-up', entry }
  }
  // A domain of a guest that is still saved goes: either its memory is whole now, or it has not begun to go on from it.
  // What has run was not half-made by us, unless it is the domain whose end this record is about.
  const strange = domains.find((domain) => domain !== ours && domain.cpuTimeSeconds > 0)
  if (strange !== undefined) return await forget(context, record)
  // What cannot be removed is tried again by the next daemon.
  if (domains.length > 0 && !(await removeHalfMade(context, record, domains))) return { kind: 'forgotten' }
  if (record.phase !== 'restarting') return await forget(context, record)
  const entry = context.registry.add(entryFor(context, record))
  context.log.info({ guest: record.name }, 'its restart was cut off and is made now')
  return { kind: 'restart', entry }
}

async function loadRecords({ records, log }: Context) {
  let whole = true
  const found = await records.load((file, why) => {
    whole = false
    log.error(`${file} is damaged and was left alone: ${why}`)
  })
  return { records: found, whole }
}

async function takeUp(context: Context, observer: Observer, record: RunRecord, domain: Domain): Promise<GuestEntry> {
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
  return entry
}

/** The entry of a run: with the definition it was started from, which may differ from the file by now. */
function entryFor({ registry }: Context, record: RunRecord): GuestEntry {
  const { name, uuid, spec, definition, kept, carried } = record
  const { defined = false, onDisk = null, problem = null, saved = null } = registry.named(name) ?? {}
  const started = { ...definition, spec, warnings: onDisk?.text === definition.text ? onDisk.warnings : [] }
  return newEntry({ name, uuid, managed: true, defined, definition: started, onDisk, problem, saved, kept, carried })
}

async function forget({ records, log }: Context, { name, uuid, phase }: RunRecord): Promise<Settled> {
  log.info({ guest: name, phase }, 'its domain is gone; the run is forgotten')
  await records.remove(uuid)
  return { kind: 'forgotten' }
}

/** The daemon died in the middle of a create: nothing of it is worth keeping. */
async function removeHalfMade(context: Context, record: RunRecord, domains: readonly Domain[]): Promise<boolean> {
  const { host, log } = context
  const domids = domains.map(({ domid }) => domid)
  log.warn({ guest: record.name, domids }, 'what an interrupted operation left of it is removed')
  try {
    await host.sweep(uuid(record.uuid), record.spec, logOnly(context))
    return true
  } catch (thrown) {
    log.error({ guest: record.name, domids }, `it could not be removed: ${asTetrarchError(thrown).message}`)
    return false
  }
}

const logOnly = ({ log }: Context): Operation => ({
  signal: new AbortController().signal,
  log: (line) => log.info(line),
})
