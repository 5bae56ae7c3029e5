/**
 * The memory of guests that were saved, each with what must be known to let it go on: two files per guest. The record is
 * written last and goes first, so that memory without one is what a killed daemon left, and is removed.
 *
 *   UUID.memory.part ──keep──▶ UUID.memory + UUID.json ──use──▶ UUID.memory + UUID.used ──remove──▶ nothing
 *                                        ◀──────────giveBack──────────┘
 *
 * Memory in use is never given to a second domain, also when the host dies: a guest that goes on twice from one memory
 * would destroy its disks.
 */
import { mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { bootedSchema } from '../../api/guest.ts'
import { GuestSpec } from '../../config/guest-spec.ts'
import { modeNames } from '../../words/mode-names.ts'
import { libxlJson } from '../guests/run-record.ts'
import { syncFolderOf, writeWhole } from '../state-file.ts'

const savedSchema = z.strictObject({
  version: z.literal(1),
  uuid: z.uuid(),
  name: z.string(),
  savedAt: z.iso.datetime(),
  /** Whether it goes on by itself when the host has started again. */
  because: z.enum(['asked', 'host-shutdown']),
  /** Size of its memory's file. */
  bytes: z.number(),
  mode: z.enum(modeNames),
  spec: GuestSpec,
  definition: z.strictObject({ file: z.string(), text: z.string(), overrides: z.array(z.string()) }),
  booted: bootedSchema,
  deviceModelReason: z.string().nullable(),
  /** The domain as it was. */
  config: libxlJson,
  /** Its writable disks that are files, as they were once the domain was gone. */
  disks: z.array(z.strictObject({ file: z.string(), bytes: z.number(), changedAtMs: z.number() })),
})
export type Saved = z.infer<typeof savedSchema>

export class SavedGuests {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** All that can go on. What cannot is removed where it is of no use, and reported where a person may mend it. */
  async load(onDamaged: (file: string, why: string) => void): Promise<readonly Saved[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const found: Saved[] = []
    const kept = new Set<string>()
    for (const name of (await readdir(this.#folder)).filter((file) => file.endsWith('.json'))) {
      const file = join(this.#folder, name)
      kept.add(name.replace(/\.json$/, '.memory'))
      try {
        const saved = savedSchema.parse(JSON.parse(await readFile(file, 'utf8')))
        await stat(this.fileOf(saved.uuid))
        found.push(saved)
      } catch (error) {
        onDamaged(file, error instanceof Error ? error.message : String(error))
      }
    }
    for (const name of await readdir(this.#folder))
      if (!kept.has(name) && !name.endsWith('.json')) await rm(join(this.#folder, name), { force: true })
    return found
  }

  /** Where its memory is. */
  fileOf(uuid: string): string {
    return join(this.#folder, `${uuid}.memory`)
  }

  /** Where its memory is to be written; nothing is there. */
  async begin(uuid: string): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const draft = this.#draft(uuid)
    await rm(draft, { force: true })
    return draft
  }

  /** What was written is what the guest goes on from. */
  async keep(saved: Omit<Saved, 'bytes'>): Promise<Saved> {
    const draft = this.#draft(saved.uuid)
    const whole = { ...saved, bytes: (await stat(draft)).size }
    await rename(draft, this.fileOf(saved.uuid))
    await this.#write(whole)
    return whole
  }

  async noteDisks(saved: Saved, disks: Saved['disks']): Promise<Saved> {
    const noted = { ...saved, disks }
    await this.#write(noted)
    return noted
  }

  /** From now on no other domain goes on from it. */
  async use(uuid: string): Promise<void> {
    await rename(this.#record(uuid), this.#used(uuid))
    await syncFolderOf(this.#used(uuid))
  }

  /** The domain that was to go on from it has not run. Nothing happens when it was not in use. */
  async giveBack(uuid: string): Promise<void> {
    await rename(this.#used(uuid), this.#record(uuid)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    })
  }

  async remove(uuid: string): Promise<void> {
    await rm(this.#record(uuid), { force: true })
    await syncFolderOf(this.#record(uuid))
    for (const file of [this.#used(uuid), this.fileOf(uuid), this.#draft(uuid)]) await rm(file, { force: true })
  }

  #write(saved: Saved): Promise<void> {
    return writeWhole(this.#record(saved.uuid), `${JSON.stringify(saved)}\n`)
  }

  #record(uuid: string): string {
    return join(this.#folder, `${uuid}.json`)
  }

  #used(uuid: string): string {
    return join(this.#folder, `${uuid}.used`)
  }

  #draft(uuid: string): string {
    return join(this.#folder, `${uuid}.memory.part`)
  }
}
