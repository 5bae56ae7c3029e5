/** Which guest a create is about, and whether it may begin at all. */
import type { z } from 'zod'
import type { createBodySchema } from '../../api/definition.ts'
import { writeGuest } from '../../config/write.ts'
import { fail } from '../../words/errors.ts'
import { type Context, domainOf } from './context.ts'
import { type Definition, type GuestEntry, newEntry } from './guest-entry.ts'
import { madeAfter } from './made-after.ts'
import { readDefinition } from './read-definition.ts'
import { guestUuid } from './stable-uuid.ts'

/** The body of POST /v1/guests, checked. */
export type CreateBody = z.output<typeof createBodySchema>
/** What is to be started, in one of three ways. */
export type Subject = Omit<CreateBody, 'paused' | 'boot'>

export interface Admitted {
  readonly entry: GuestEntry
  readonly definition: Definition
  /** The definition after which the guest is made; null for one of its own. */
  readonly template: Definition | null
}

/** Throws `config-*` for a text that cannot be read, `not-found`, or `already-exists` for a name or uuid in use. */
export function admit(context: Context, subject: Subject): Admitted {
  const template = subject.from === undefined ? null : defined(context, subject.from, [])
  const definition = template === null ? definitionOf(context, subject) : derived(context, template, subject)
  const known = context.registry.named(definition.spec.name)
  mustBeFree(context, definition, known)
  if (subject.name === undefined) mustBeOwnFile(definition, known)
  if (known !== null) return { entry: known, definition, template }
  const { name } = definition.spec
  const uuid = guestUuid(definition, context.machineId)
  return { entry: context.registry.add(newEntry({ name, uuid, managed: true })), definition, template }
}

/** What a start would be made from: the guest's file as it is now, or what was sent. */
export function definitionOf(context: Context, { name, definition, spec, overrides = [] }: Subject): Definition {
  if (definition !== undefined) return readDefinition(definition.file, definition.text, overrides)
  if (spec !== undefined) return readDefinition(`${spec.name} (a specification)`, writeGuest(spec), overrides)
  return defined(context, name ?? '', overrides)
}

function derived({ registry }: Context, template: Definition, { name = '', overrides = [] }: Subject): Definition {
  const own = registry.named(name)
  if (own?.defined !== true) return madeAfter(template, name, overrides)
  throw fail('already-exists', {
    what: `a guest "${name}" is defined`,
    where: own.onDisk?.file,
    fix: `start that one with: tetrarch create ${name}; or give the new one another name`,
  })
}

function defined({ registry, definitions, config }: Context, name: string, overrides: readonly string[]): Definition {
  const problem = definitions.problemOf(name)
  if (problem !== null) throw problem
  const entry = registry.named(name)
  const known = entry?.onDisk ?? entry?.definition ?? null
  if (known !== null) return overrides.length === 0 ? known : readDefinition(known.file, known.text, overrides)
  throw fail('not-found', {
    what: `no guest "${name}" is defined`,
    where: config.paths.guests,
    fix: 'tetrarch list shows those that are; or give a file',
  })
}

function mustBeOwnFile({ file, spec: { name } }: Definition, known: GuestEntry | null): void {
  const own = known?.onDisk?.file ?? null
  if (known?.defined !== true || own === file) return
  throw fail('already-exists', {
    where: file,
    what: `a guest "${name}" is defined in ${own ?? 'the guests folder'}`,
    fix: `start that one with: tetrarch create ${name}; or give this one another name`,
  })
}

function mustBeFree({ registry, host }: Context, { file, spec }: Definition, known: GuestEntry | null): void {
  const sameAs = (entry: GuestEntry) =>
    entry.name === spec.name || (spec.uuid !== undefined && entry.uuid === spec.uuid)
  // A domain of others that has just ended may still be in our list: Xen is asked, not the list.
  const isAlive = (run: GuestEntry['run']) => (domainOf(host, run?.domid)?.state ?? 'dying') !== 'dying'
  const isBusy = ({ run, operation, managed }: GuestEntry) =>
    operation !== null || (managed ? run !== null : isAlive(run))
  const inUse = known !== null && isBusy(known) ? known : registry.all().find((entry) => isBusy(entry) && sameAs(entry))
  if (inUse === undefined) return
  const owner = inUse.managed ? '' : ' by a domain of another toolstack'
  const what =
    inUse.name === spec.name
      ? `the name "${spec.name}" is in use${owner}`
      : `the uuid is that of "${inUse.name}"${owner}`
  throw fail('already-exists', {
    where: file,
    what,
    why: inUse.run === null ? 'it is being started' : `it runs as domain ${inUse.run.domid}`,
    fix: 'give it another name, or end the other one first (see: tetrarch list)',
  })
}
