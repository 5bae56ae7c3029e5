/**
 * What must be known of a guest's running domain to manage it again after the daemon was killed: one small file per guest
 * in the state folder. Xen stays the truth; a record whose domain is gone, or that is of an earlier boot of the host, is dropped.
 */
import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { bootedSchema } from '../../api/guest.ts'
import { GuestSpec } from '../../config/guest-spec.ts'
import type { JsonObject } from '../../libxl/requests.ts'
import { fail } from '../../words/errors.ts'
import { modeNames } from '../../words/mode-names.ts'
import { syncFolderOf, writeWhole } from '../state-file.ts'

/** libxl's JSON, of which nothing is read here. */
export const libxlJson = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
)

const runRecordSchema = z.strictObject({
  version: z.literal(2),
  uuid: z.uuid(),
  name: z.string(),
  /** /proc/sys/kernel/random/boot_id of the dom0 that started it. */
  bootId: z.string(),
  /**
   * `building` until the domain is whole: one that is found in this phase is half-made, and is removed. `restarting` from the
   * end of a domain until its successor is whole: what is found is removed, and the guest is started again. `ending` while a
   * domain is destroyed: what is found is removed. `saving` while its memory is written: what is found goes on, unless the
   * memory is whole; then it is removed.
   */
  phase: z.enum(['building', 'running', 'restarting', 'ending', 'saving']),
  /** Whether it is unpaused once it is built. */
  then: z.enum(['run', 'stay-paused']),
  domid: z.int().nullable(),
  mode: z.enum(modeNames),
  spec: GuestSpec,
  definition: z.strictObject({ file: z.string(), text: z.string(), overrides: z.array(z.string()).default([]) }),
  booted: bootedSchema,
  deviceModelReason: z.string().nullable(),
  startedAt: z.iso.datetime(),
  /** The guest whose ended domain this is, kept to be looked at. */
  kept: z.string().nullable(),
  /** What was attached and detached while the domain ran that a restart follows. */
  carried: z.strictObject({ started: libxlJson, running: libxlJson }).nullable(),
})

/** What each earlier version did not say. */
const additions: Readonly<Record<number, object>> = {
  1: { version: 2, then: 'run', kept: null, carried: null },
}

function readRecord(text: string): RunRecord {
  const { version } = z.object({ version: z.int() }).parse(JSON.parse(text))
  return runRecordSchema.parse({ ...(JSON.parse(text) as object), ...additions[version] })
}

export type RunRecord = z.infer<typeof runRecordSchema>

export class RunRecords {
  readonly #folder: string
  /** What is in the files: nobody else writes there. */
  readonly #known = new Map<string, RunRecord>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** All readable records; a damaged file is reported and left for a person to look at. */
  async load(onDamaged: (file: string, why: string) => void): Promise<readonly RunRecord[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const records: RunRecord[] = []
    for (const name of (await readdir(this.#folder)).filter((file) => file.endsWith('.json'))) {
      const file = join(this.#folder, name)
      try {
        const record = readRecord(await readFile(file, 'utf8'))
        this.#known.set(record.uuid, record)
        records.push(record)
      } catch (error) {
        onDamaged(file, error instanceof Error ? error.message : String(error))
      }
    }
    return records
  }

  /** Written whole or not at all: a crash, or a full disk, leaves the old file or the new one. Rejects with `storage-failed`. */
  async save(record: RunRecord): Promise<void> {
    const file = this.#file(record.uuid)
    try {
      await writeWhole(file, `${JSON.stringify(record)}\n`)
      this.#known.set(record.uuid, record)
    } catch (cause) {
      throw notStored(record.name, file, cause)
    }
  }

  /** The record of a run as it is from now on. */
  async change(uuid: string, changes: Partial<RunRecord>): Promise<void> {
    await this.save({ ...(await this.#read(uuid)), ...changes })
  }

  /** The same if it is in this phase; otherwise it stays as it is. */
  async changeFrom(phase: RunRecord['phase'], uuid: string, changes: Partial<RunRecord>): Promise<void> {
    const record = await this.#read(uuid)
    if (record.phase === phase) await this.save({ ...record, ...changes })
  }

  /** A record for what goes on under another uuid. */
  async copy(uuid: string, changes: Partial<RunRecord> & Pick<RunRecord, 'uuid' | 'name'>): Promise<void> {
    await this.save({ ...(await this.#read(uuid)), ...changes })
  }

  async remove(uuid: string): Promise<void> {
    const file = this.#file(uuid)
    await rm(file, { force: true })
    this.#known.delete(uuid)
    await syncFolderOf(file)
  }

  async #read(uuid: string): Promise<RunRecord> {
    return this.#known.get(uuid) ?? readRecord(await readFile(this.#file(uuid), 'utf8'))
  }

  #file(uuid: string): string {
    return join(this.#folder, `${uuid}.json`)
  }
}

const notStored = (guest: string, file: string, cause: unknown) =>
  fail(
    'storage-failed',
    {
      what: `what must be remembered of "${guest}" cannot be written`,
      where: file,
      why: cause instanceof Error ? cause.message : String(cause),
      fix: 'make room on that filesystem, or mend it; what was written before is still there',
    },
    { cause },
  )
