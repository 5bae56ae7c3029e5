/**
 * What is remembered of a guest's mode when it does not run: what it was last seen as, and what was chosen at its last
 * start. One small file per guest in the state folder; losing one loses nothing but the memory.
 */
import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { modeNames, type ModeName } from '../../words/mode-names.ts'
import { writeWhole } from '../state-file.ts'

const remembered = z.strictObject({ mode: z.enum(modeNames), at: z.iso.datetime() })
const memorySchema = z.strictObject({
  version: z.literal(1),
  uuid: z.uuid(),
  name: z.string(),
  seen: remembered.nullable(),
  chosen: remembered.nullable(),
})
type Memory = z.infer<typeof memorySchema>

export class ModeMemory {
  readonly #folder: string
  readonly #memories = new Map<string, Memory>()
  /** Files are written one after the other, so that the last word stays. */
  #writing: Promise<void> = Promise.resolve()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Reads what is remembered; a damaged file is forgotten. */
  async load(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    for (const file of (await readdir(this.#folder)).filter((name) => name.endsWith('.json'))) {
      const parsed = memorySchema.safeParse(parseJson(await readFile(join(this.#folder, file), 'utf8')))
      if (parsed.success) this.#memories.set(parsed.data.uuid, parsed.data)
    }
  }

  seen(uuid: string): Memory['seen'] {
    return this.#memories.get(uuid)?.seen ?? null
  }

  chosen(uuid: string): Memory['chosen'] {
    return this.#memories.get(uuid)?.chosen ?? null
  }

  async remember(guest: { uuid: string; name: string }, what: 'seen' | 'chosen', mode: ModeName): Promise<void> {
    const { uuid, name } = guest
    const known = this.#memories.get(uuid)
    const at = new Date().toISOString()
    const memory: Memory = { version: 1, uuid, name, seen: null, chosen: null, ...known, [what]: { mode, at } }
    this.#memories.set(uuid, memory)
    await this.#write(() => writeWhole(this.#file(uuid), `${JSON.stringify(memory)}\n`))
  }

  /** A file that cannot be removed harms nobody: its guest is not there any more. */
  forget(uuid: string): void {
    if (this.#memories.delete(uuid)) this.#write(() => rm(this.#file(uuid), { force: true })).catch(() => undefined)
  }

  #write(work: () => Promise<void>): Promise<void> {
    const written = this.#writing.then(work)
    this.#writing = written.catch(() => undefined)
    return written
  }

  #file(uuid: string): string {
    return join(this.#folder, `${uuid}.json`)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
