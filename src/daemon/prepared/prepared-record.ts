/** What must be known of a domain that was built ahead after the daemon was killed: one small file each in the state folder. */
import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { bootedSchema } from '../../api/guest.ts'
import { GuestSpec } from '../../config/guest-spec.ts'
import { modeNames } from '../../words/mode-names.ts'
import { writeWhole } from '../state-file.ts'

const preparedSchema = z.strictObject({
  version: z.literal(1),
  uuid: z.uuid(),
  /** The guest after whose definition it was built. */
  template: z.string(),
  /** What the domain is called until a guest is made of it. */
  name: z.string(),
  /** /proc/sys/kernel/random/boot_id of the dom0 that built it. */
  bootId: z.string(),
  /** Null while it is being built: one that is found so is half-made, and is removed. */
  domid: z.int().nullable(),
  /** Of the definition and the kernel that it was built from. */
  fingerprint: z.string(),
  mode: z.enum(modeNames),
  booted: bootedSchema,
  spec: GuestSpec,
})
export type Prepared = z.infer<typeof preparedSchema>

export class PreparedRecords {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** All that can be read; of a damaged file nothing is known but the uuid in its name. */
  async load(): Promise<readonly Prepared[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.json'))
    const texts = await Promise.all(names.map((name) => readFile(join(this.#folder, name), 'utf8')))
    return texts.flatMap((text) => {
      const parsed = preparedSchema.safeParse(jsonOrNull(text))
      return parsed.success ? [parsed.data] : []
    })
  }

  async save(prepared: Prepared): Promise<void> {
    await writeWhole(this.#file(prepared.uuid), `${JSON.stringify(prepared)}\n`)
  }

  async remove(uuid: string): Promise<void> {
    await rm(this.#file(uuid), { force: true })
  }

  #file(uuid: string): string {
    return join(this.#folder, `${uuid}.json`)
  }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
