/** Conversions as they are asked for, and those that an earlier daemon could not finish. */
import { join } from 'node:path'
import type { ConversionPlan } from '../../../api/conversion.ts'
import type { Task } from '../../../api/task.ts'
import { modeNamed } from '../../../modes/index.ts'
import { fail } from '../../../words/errors.ts'
import type { ModeName } from '../../../words/mode-names.ts'
import type { TaskProgress } from '../../tasks.ts'
import { type Context, domainOf } from '../context.ts'
import { type GuestEntry, stateOf } from '../guest-entry.ts'
import type { Life } from '../life.ts'
import { ConversionRecords } from './conversion-records.ts'
import { type ConvertBody, type Converting, convert, finish, mustBeProvable, putBack } from './convert.ts'
import { planConversion } from './plan-conversion.ts'

/** Makes a task of a guest out of work. */
type Begin = (entry: GuestEntry, caller: string, work: (progress: TaskProgress) => Promise<void>) => Task

export class Conversions {
  readonly #context: Context
  readonly #life: Life
  readonly #begin: Begin
  readonly #records: ConversionRecords

  constructor(context: Context, life: Life, begin: Begin) {
    this.#context = context
    this.#life = life
    this.#begin = begin
    this.#records = new ConversionRecords(join(context.config.paths.state, 'conversions'))
  }

  /** What a conversion would change; nothing is done. */
  async plan(ref: string, to: ModeName, signal: AbortSignal): Promise<ConversionPlan> {
    const entry = this.#context.registry.find(ref)
    return (await planConversion(this.#context, entry, modeNamed(to), { signal, log: () => undefined })).plan
  }

  /** Throws `wrong-state` for a guest that is neither running nor halted. */
  convert(ref: string, body: ConvertBody, caller: string): Task {
    const entry = this.#context.registry.find(ref)
    mustBeProvable(body)
    const state = stateOf(entry, domainOf(this.#context.host, entry.run?.domid))
    if (state !== 'running' && state !== 'halted')
      throw fail('wrong-state', {
        what: `"${entry.name}" cannot be converted now`,
        why: `it is ${state}`,
        fix: 'let it run, or halt it first',
      })
    // As with a create: nobody else starts it meanwhile.
    if (entry.run === null) entry.operation = 'starting'
    return this.#begin(entry, caller, (progress) => convert(this.#converting(entry), body, progress))
  }

  /** Finishes what an earlier daemon has proved, and puts back what it has not. */
  async resume(): Promise<void> {
    const { registry, log } = this.#context
    const records = await this.#records.load((file) => log.error(`${file} is damaged and was left alone`))
    for (const record of records) {
      const entry = registry.named(record.name)
      if (entry === null) {
        log.error({ guest: record.name }, `its conversion was cut off, and nothing is known of it; see ${record.kept}`)
        continue
      }
      const goOn = record.phase === 'proved' ? finish : putBack
      // Whatever has become of its domain is for this task to see to.
      if (goOn === putBack && entry.run !== null) entry.operation = 'stopping'
      this.#begin(entry, 'tetrarchd', async (progress) => {
        progress.log('an earlier daemon ended in the middle of this conversion')
        await goOn(this.#converting(entry), record, progress)
      })
    }
  }

  #converting(entry: GuestEntry): Converting {
    return { context: this.#context, life: this.#life, conversions: this.#records, entry }
  }
}
