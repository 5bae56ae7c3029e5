/** Which guest a create is about, and whether it may begin at all. */
import type { z } from 'zod'
import type { createBodySchema } from '../../api/routes.ts'
import { fail } from '../../words/errors.ts'
import { guestUuid } from './adopt.ts'
import type { Context } from './context.ts'
import { readDefinition } from './definitions.ts'
import { type Definition, type GuestEntry, newEntry, nextDefinition } from './guest-entry.ts'

/** The body of POST /v1/guests, checked. */
export type CreateBody = z.output<typeof createBodySchema>

export interface Admitted {
  readonly entry: GuestEntry
  readonly definition: Definition
}

/** Throws `config-*` for a text that cannot be read, `not-found`, or `already-exists` for a name or uuid in use. */
export function admit(context: Context, { name, definition }: CreateBody): Admitted {
  return definition === undefined ? admitDefined(context, name ?? '') : admitGiven(context, definition)
}

function admitDefined(context: Context, name: string): Admitted {
  const entry = context.registry.named(name)
  const definition = entry === null ? null : nextDefinition(entry)
  if (entry === null || definition === null) {
    throw fail('not-found', {
      what: `no guest "${name}" is defined`,
      where: context.config.paths.guests,
      fix: 'tetrarch list shows those that are; or give a file',
    })
  }
  mustBeFree(context, definition, entry)
  return { entry, definition }
}

function admitGiven(context: Context, { file, text }: { readonly file: string; readonly text: string }): Admitted {
  const { registry, machineId } = context
  const definition = readDefinition(file, text)
  const { name } = definition.spec
  const known = registry.named(name)
  mustBeFree(context, definition, known)
  if (known?.defined === true && known.definition?.file !== file) {
    throw fail('already-exists', {
      where: file,
      what: `a guest "${name}" is defined in ${known.definition?.file ?? 'the guests folder'}`,
      fix: `start that one with: tetrarch create ${name}; or give this one another name`,
    })
  }
  const entry = known ?? registry.add(newEntry({ name, uuid: guestUuid(definition, machineId), managed: true }))
  return { entry, definition }
}

function mustBeFree({ registry }: Context, { file, spec }: Definition, known: GuestEntry | null): void {
  const sameAs = (entry: GuestEntry) =>
    entry.name === spec.name || (spec.uuid !== undefined && entry.uuid === spec.uuid)
  const isBusy = ({ run, operation }: GuestEntry) => run !== null || operation !== null
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
