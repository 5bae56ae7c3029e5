/**
 * What must be known of a guest's running domain to manage it again after the daemon was killed: one small file per guest
 * in the state folder. Xen stays the truth; a record whose domain is gone, or that is of an earlier boot of the host, is dropped.
 */
import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { bootedSchema } from '../../api/guest.ts'
import { GuestSpec } from '../../config/guest-spec.ts'
import { modeNames } from '../../words/mode-names.ts'

const runRecordSchema = z.strictObject({
  version: z.literal(1),
  uuid: z.uuid(),
  name: z.string(),
  /** /proc/sys/kernel/random/boot_id of the dom0 that started it. */
  bootId: z.string(),
  /** `building` until the domain was unpaused: a domain found in this phase is half-made. */
  phase: z.enum(['building', 'running']),
  domid: z.int().nullable(),
  mode: z.enum(modeNames),
  spec: GuestSpec,
  definition: z.strictObject({ file: z.string(), text: z.string() }),
  booted: bootedSchema,
  deviceModelReason: z.string().nullable(),
  startedAt: z.iso.datetime(),
})

export type RunRecord = z.infer<typeof runRecordSchema>

export class RunRecords {
  readonly #folder: string

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
        records.push(runRecordSchema.parse(JSON.parse(await readFile(file, 'utf8'))))
      } catch (error) {
        onDamaged(file, error instanceof Error ? error.message : String(error))
      }
    }
    return records
  }

  /** Written whole or not at all: a crash leaves the old file or the new one. */
  async save(record: RunRecord): Promise<void> {
    const file = this.#file(record.uuid)
    const draft = `${file}.new`
    await using handle = await open(draft, 'w', 0o600)
    await handle.writeFile(`${JSON.stringify(record)}\n`)
    await handle.sync()
    await rename(draft, file)
    await this.#syncFolder()
  }

  async remove(uuid: string): Promise<void> {
    await rm(this.#file(uuid), { force: true })
    await this.#syncFolder()
  }

  async #syncFolder(): Promise<void> {
    await using folder = await open(this.#folder, 'r')
    await folder.sync()
  }

  #file(uuid: string): string {
    return join(this.#folder, `${uuid}.json`)
  }
}
