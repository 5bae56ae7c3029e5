/**
 * The definitions that are kept in the guests folder, and what is known of them. The files are the truth: whoever
 * changes one by hand is noticed, and nothing is written that someone else would lose.
 */
import type { z } from 'zod'
import type { Definition as ApiDefinition, defineBodySchema, undefinedSchema } from '../../api/definition.ts'
import type { EventBody } from '../../api/event.ts'
import { lintGuest } from '../../config/lint/lint.ts'
import { neighbourFrom } from '../../config/lint/neighbour.ts'
import { writeGuest } from '../../config/write.ts'
import { type TetrarchError, asTetrarchError, fail } from '../../words/errors.ts'
import { isGuestName } from '../../words/ids.ts'
import type { Common } from './context.ts'
import { type Definition, type GuestEntry, newEntry, pendingChanges } from './guest-entry.ts'
import { type DefinitionFile, GuestsFolder, revisionOf } from './guests-folder.ts'
import { lintOnHost, mustBeFit } from './lint-on-host.ts'
import { checkName, readDefinition } from './read-definition.ts'
import { guestUuid } from './stable-uuid.ts'

type DefineBody = z.output<typeof defineBodySchema>
type Undefined = z.output<typeof undefinedSchema>
type Change = Extract<EventBody, { readonly kind: 'guest.definition' }>['change']

export class DefinitionStore {
  readonly #context: Common
  readonly #folder: GuestsFolder
  /** Texts of the files as they were last seen; null where a file could not be read. Null before the first look. */
  #seen: ReadonlyMap<string, string | null> | null = null
  /** Files that define nothing: of their guests nothing else is known. */
  readonly #unusable = new Map<string, TetrarchError>()
  /** Looks and writes take turns. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(context: Common) {
    this.#context = context
    this.#folder = new GuestsFolder(context.config.paths.guests)
  }

  /** Reads the folder, and again whenever it changes, until the disposal. */
  async begin(): Promise<Disposable> {
    await this.refresh()
    return this.#folder.watch(this.#context.config.guests.settleMs, async () => {
      await this.refresh().catch((thrown: unknown) => {
        this.#context.log.error({ err: thrown }, 'the guests folder cannot be read')
      })
    })
  }

  refresh(): Promise<void> {
    return this.#inTurn(() => this.#look())
  }

  /** Why the file of this name defines nothing; null when there is none, or nothing is wrong with it. */
  problemOf(name: string): TetrarchError | null {
    return this.#unusable.get(name) ?? this.#context.registry.named(name)?.problem ?? null
  }

  async list(): Promise<readonly ApiDefinition[]> {
    const files = await this.#folder.readAll()
    return files.flatMap((file) => ('text' in file ? [this.#view(file)] : []))
  }

  /** Rejects with `not-found` for a guest that is not defined. */
  async get(ref: string): Promise<ApiDefinition> {
    return this.#view(await this.#find(ref))
  }

  /** Rejects with `config-*` for what cannot be, and for what cannot work here unless errors are accepted. */
  async define(name: string, body: DefineBody): Promise<ApiDefinition> {
    const file = this.#folder.file(mustBeName(name))
    const text = body.text ?? (body.spec === undefined ? '' : writeGuest(body.spec))
    const definition = checkName(readDefinition(file, text))
    if (body.errors === 'refuse') mustBeFit(definition, await lintOnHost(this.#context, definition, 'all'))
    return await this.#inTurn(async () => {
      const before = await this.#folder.read(name)
      mustBeExpected(name, before, body.expect)
      if (before?.text !== text) await this.#folder.write(name, text)
      await this.#look()
      return this.#view({ name, file, text })
    })
  }

  async undefine(ref: string, expect: string | undefined): Promise<Undefined> {
    const { name } = await this.#find(ref)
    return await this.#inTurn(async () => {
      const before = await this.#folder.read(name)
      mustBeExpected(name, before, expect)
      await this.#folder.remove(name)
      const entry = this.#context.registry.named(name)
      await this.#look()
      return { name, file: this.#folder.file(name), text: before?.text ?? '', consequence: consequenceFor(name, entry) }
    })
  }

  /** Keeps a text beside the file of its guest, under a name that is no definition's; returns that. */
  keepBeside(name: string, suffix: string, text: string): Promise<string> {
    return this.#folder.keepBeside(name, suffix, text)
  }

  forgetBeside(file: string): Promise<void> {
    return this.#folder.forget(file)
  }

  fileOf(name: string): string {
    return this.#folder.file(name)
  }

  /** Writes one text in the place of another. Rejects with `changed-meanwhile` when a third one is there. */
  async exchange(name: string, from: string, to: string): Promise<void> {
    await this.#inTurn(async () => {
      const before = await this.#folder.read(name)
      if (before?.text !== to) {
        mustBeExpected(name, before, revisionOf(from))
        await this.#folder.write(name, to)
      }
      await this.#look()
    })
  }

  async #find(ref: string): Promise<DefinitionFile> {
    const file = (await this.#folder.read(ref)) ?? (await this.#folder.read(this.#context.registry.find(ref).name))
    if (file !== null) return file
    throw fail('not-found', {
      what: `"${ref}" is not defined`,
      why: `there is no file of it in ${this.#context.config.paths.guests}`,
      fix: 'tetrarch define FILE',
    })
  }

  #view({ name, file, text }: DefinitionFile): ApiDefinition {
    const entry = this.#context.registry.named(name)
    const neighbours = this.#context.registry
      .all()
      .flatMap(({ onDisk }) => (onDisk === null ? [] : [neighbourFrom(onDisk.spec)]))
    const findings = lintGuest(text, { file }, { expectedName: name, neighbours })
    const spec = entry?.onDisk?.text === text ? entry.onDisk.spec : null
    const changes = entry === null ? [] : pendingChanges(entry)
    return { name, file, text, revision: revisionOf(text), spec, findings: findings.map(toApi), changes: [...changes] }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #look(): Promise<void> {
    const { registry } = this.#context
    const files = await this.#folder.readAll()
    const seen = new Map(files.map((file) => [file.name, 'text' in file ? file.text : null] as const))
    for (const entry of registry.all()) if (entry.defined && !seen.has(entry.name)) this.#gone(entry)
    for (const name of this.#unusable.keys()) if (!seen.has(name)) this.#unusable.delete(name)
    for (const file of files) {
      if (this.#seen?.get(file.name) === ('text' in file ? file.text : null)) continue
      try {
        if ('error' in file) throw file.error
        this.#take(checkName(readDefinition(file.file, file.text)))
      } catch (thrown) {
        this.#refuse(file.name, asTetrarchError(thrown))
      }
    }
    this.#seen = seen
  }

  #take(definition: Definition): void {
    const { registry, machineId } = this.#context
    const { name } = definition.spec
    this.#unusable.delete(name)
    const uuid = guestUuid(definition, machineId)
    const known = registry.named(name)
    const entry = known ?? registry.add(newEntry({ name, uuid, managed: true }))
    const change = entry.defined ? 'changed' : 'defined'
    entry.defined = true
    entry.problem = null
    entry.onDisk = definition
    if (entry.run === null && entry.operation === null && entry.saved === null) entry.uuid = uuid
    this.#tell(entry, change)
  }

  /** What is known of the guest from before stays; a guest of which nothing is known cannot be shown. */
  #refuse(name: string, error: TetrarchError): void {
    this.#context.log.error(`${this.#folder.file(name)} cannot be used: ${error.message}`)
    const entry = this.#context.registry.named(name)
    if (entry === null) {
      this.#unusable.set(name, error)
      return
    }
    entry.defined = true
    entry.problem = error
    this.#tell(entry, 'unreadable')
  }

  #gone(entry: GuestEntry): void {
    entry.defined = false
    entry.problem = null
    entry.onDisk = null
    this.#tell(entry, 'undefined')
    if (entry.run === null && entry.operation === null && entry.saved === null) this.#context.registry.remove(entry)
  }

  #tell({ name, uuid, run }: GuestEntry, change: Change): void {
    // What was there when the daemon started is no news.
    if (this.#seen === null) return
    this.#context.bus.publish({ kind: 'guest.definition', guest: name, uuid, domid: run?.domid ?? null, change })
  }
}

const toApi = ({ where, ...finding }: ReturnType<typeof lintGuest>[number]): ApiDefinition['findings'][number] => ({
  ...finding,
  where: { ...where },
})

function mustBeName(name: string): string {
  if (isGuestName(name)) return name
  throw fail('usage', { what: `${JSON.stringify(name)} is no name for a guest`, fix: 'see tetrarch.cfg(5), name' })
}

/** Throws when the file is not what the caller saw: nobody's change is lost. */
function mustBeExpected(name: string, file: DefinitionFile | null, expect: string | null | undefined): void {
  if (expect === undefined || expect === (file === null ? null : revisionOf(file.text))) return
  if (expect === null) {
    throw fail('already-exists', {
      what: `"${name}" is defined already`,
      where: file?.file,
      fix: `replace it: tetrarch define --replace FILE; or change it: tetrarch edit ${name}`,
    })
  }
  throw fail('changed-meanwhile', {
    what: `the definition of "${name}" was ${file === null ? 'removed' : 'changed'} in the meantime`,
    where: file?.file,
    fix: `look at what is there now: tetrarch dump ${name}`,
  })
}

function consequenceFor(name: string, entry: GuestEntry | null): string {
  const domid = entry?.run?.domid
  if (domid === undefined) return `"${name}" did not run; its disks are as they were`
  return `"${name}" runs on as domain ${domid}; when it ends it is forgotten, and nothing starts it again`
}
