/**
 * A guest's change of mode: its definition is exchanged, it is started and must prove that it has come up. Whatever goes wrong,
 * also the end of the daemon in the middle, the old definition and the old state are put back.
 */
import type { z } from 'zod'
import type { convertBodySchema } from '../../../api/conversion.ts'
import { hardwareOf } from '../../../modes/convert.ts'
import { modeNamed } from '../../../modes/index.ts'
import type { Mode } from '../../../modes/mode.ts'
import { type TetrarchError, asTetrarchError, fail } from '../../../words/errors.ts'
import type { TaskProgress } from '../../tasks.ts'
import type { Context } from '../context.ts'
import type { GuestEntry } from '../guest-entry.ts'
import type { Life } from '../life.ts'
import { readDefinition } from '../read-definition.ts'
import type { ConversionRecord, ConversionRecords } from './conversion-records.ts'
import { mustBePossible, planConversion } from './plan-conversion.ts'
import { type Proof, comesUp } from './proof.ts'

export type ConvertBody = z.output<typeof convertBodySchema>

export interface Converting {
  readonly context: Context
  readonly life: Life
  readonly conversions: ConversionRecords
  readonly entry: GuestEntry
}

/** Throws `usage` for a guest of which nothing could show that it has come up. */
export function mustBeProvable({ to, ready }: Pick<ConvertBody, 'to' | 'ready'>): void {
  if (hardwareOf(modeNamed(to)) !== 'emulated' || ready !== undefined) return
  throw fail('usage', {
    what: `nothing would show that a guest has come up as ${modeNamed(to).title}`,
    why: 'it has no PV devices that connect',
    fix: 'give a text that its console says then: --ready "login:"',
  })
}

export async function convert(what: Converting, body: ConvertBody, progress: TaskProgress): Promise<void> {
  const { context, entry, conversions } = what
  progress.stage('look at its disk')
  const planned = await planConversion(context, entry, modeNamed(body.to), progress)
  mustBePossible(planned)
  const { old, plan, from, to } = planned
  for (const { key, before, after } of plan.changes)
    progress.log(`${key}: ${before ?? 'default'} → ${after ?? 'default'}`)
  const kept = await context.definitions.keepBeside(entry.name, from.name, old.text)
  const record: ConversionRecord = {
    version: 1,
    uuid: entry.uuid,
    name: entry.name,
    from: from.name,
    to: to.name,
    trial: body.trial,
    before: entry.run === null ? 'halted' : 'running',
    oldText: old.text,
    newText: plan.text,
    kept,
    phase: 'stopping',
  }
  await conversions.save(record)
  try {
    await change(what, record, proofFor(context, to, body), progress)
  } catch (thrown) {
    throw await putBackAfter(what, record, asTetrarchError(thrown), progress)
  }
  await finish(what, { ...record, phase: 'proved' }, progress)
}

const proofFor = ({ config }: Context, to: Mode, { ready, timeoutMs }: ConvertBody): Proof => ({
  ready: ready ?? null,
  timeoutMs: timeoutMs ?? config.conversion.comeUpMs,
  devices: hardwareOf(to) === 'emulated' ? 'any' : 'connected',
})

async function change(what: Converting, record: ConversionRecord, proof: Proof, progress: TaskProgress): Promise<void> {
  const { context, life, conversions, entry } = what
  const { name, oldText, newText } = record
  if (entry.run !== null) await life.halt(entry, progress, 'starting')
  progress.signal.throwIfAborted()
  await conversions.save({ ...record, phase: 'changed' })
  progress.stage('change its definition')
  await context.definitions.exchange(name, oldText, newText)
  const definition = readDefinition(context.definitions.fileOf(name), newText)
  const then = [comesUp(context, entry, proof)]
  await life.start(entry, { definition, boot: {}, then: 'run' }, progress, then)
  await conversions.save({ ...record, phase: 'proved' })
}

/** What follows the proof, also when another daemon brought it. */
export async function finish(what: Converting, record: ConversionRecord, progress: TaskProgress): Promise<void> {
  const { life, conversions, entry } = what
  const { title } = modeNamed(record.to)
  if (record.trial) {
    await putBack(what, record, progress)
    progress.log(`it came up as ${title}; the trial is over: ${backText(record)}`)
    return
  }
  if (record.before === 'halted' && entry.run !== null) await life.halt(entry, progress, null)
  await conversions.remove(record.uuid)
  progress.log(`it came up as ${title}; its old definition is kept in ${record.kept}`)
}

async function putBackAfter(
  what: Converting,
  record: ConversionRecord,
  error: TetrarchError,
  progress: TaskProgress,
): Promise<TetrarchError> {
  const failed = `"${record.name}" was not converted to ${modeNamed(record.to).title}`
  const stage = error.parts.stage === undefined ? {} : { stage: error.parts.stage }
  const why = [error.parts.what, error.parts.why].filter((part) => part !== undefined).join(': ')
  const evidence = error.parts.evidence ?? []
  // The next daemon puts it back: this one has no time.
  if (what.context.stopping.aborted) return error
  try {
    await putBack(what, record, progress)
    return fail(error.code, {
      ...stage,
      what: failed,
      why,
      fix: `nothing is to be done: ${backText(record)}`,
      evidence,
    })
  } catch (thrown) {
    const { message } = asTetrarchError(thrown)
    return fail(error.code, {
      ...{ ...stage, what: `${failed}, and what was before could not be put back`, why },
      fix: `put it back by hand: tetrarch define --replace ${record.kept}; tetrarch create ${record.name}`,
      evidence: [`putting back: ${message}`, ...evidence],
    })
  }
}

const backText = ({ from, before }: ConversionRecord): string =>
  `its old definition is back, and it ${before === 'running' ? 'runs' : 'is halted'} as ${modeNamed(from).title} as before`

/** The old definition and the old state; what is as it was before is left alone. */
export async function putBack(
  what: Converting,
  record: ConversionRecord,
  { log, begin, stage }: TaskProgress,
): Promise<void> {
  const { context, life, conversions, entry } = what
  // A task that was cancelled is put back, too.
  const progress: TaskProgress = { signal: new AbortController().signal, log, begin, stage }
  stage('put back what was before')
  if (entry.run !== null && (entry.definition?.text === record.newText || record.before === 'halted'))
    await life.takeAway(entry, progress, record.before === 'running' ? 'starting' : null)
  await context.definitions.exchange(record.name, record.newText, record.oldText)
  if (record.before === 'running' && entry.run === null) {
    const definition = readDefinition(context.definitions.fileOf(record.name), record.oldText)
    await life.start(entry, { definition, boot: {}, then: 'run' }, progress)
  }
  await context.definitions.forgetBeside(record.kept)
  await conversions.remove(record.uuid)
}
