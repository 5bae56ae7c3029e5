/**
 * What must be known of a conversion under way to put everything back after the daemon was killed: one small file per guest
 * in the state folder, written before each thing that it tells of.
 *
 *   stopping ──▶ changed ──▶ proved ──▶ (no file)
 *      └────────────┴── put back ────────▲
 */
import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { modeNames } from '../../../words/mode-names.ts'
import { writeWhole } from '../../state-file.ts'

const recordSchema = z.strictObject({
  version: z.literal(1),
  uuid: z.uuid(),
  name: z.string(),
  from: z.enum(modeNames),
  to: z.enum(modeNames),
  trial: z.boolean(),
  /** Whether the guest ran before. */
  before: z.enum(['running', 'halted']),
  oldText: z.string(),
  newText: z.string(),
  /** The old definition beside the new one, for people. */
  kept: z.string(),
  /** `stopping` until the definition may have been changed; `proved` once the guest has come up. */
  phase: z.enum(['stopping', 'changed', 'proved']),
})
export type ConversionRecord = z.infer<typeof recordSchema>

export class ConversionRecords {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** All that an earlier daemon left; a damaged file is reported and left for a person to look at. */
  async load(onDamaged: (file: string) => void): Promise<readonly ConversionRecord[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const records: ConversionRecord[] = []
    for (const name of (await readdir(this.#folder)).filter((file) => file.endsWith('.json'))) {
      const file = join(this.#folder, name)
      try {
        records.push(recordSchema.parse(JSON.parse(await readFile(file, 'utf8'))))
      } catch {
        onDamaged(file)
      }
    }
    return records
  }

  save(record: ConversionRecord): Promise<void> {
    return writeWhole(this.#file(record.uuid), `${JSON.stringify(record)}\n`)
  }

  remove(uuid: string): Promise<void> {
    return rm(this.#file(uuid), { force: true })
  }

  #file(uuid: string): string {
    return join(this.#folder, `${uuid}.json`)
  }
}
