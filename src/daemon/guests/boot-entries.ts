/** The boot menu of a guest, of a definition that a client gives, or of a disk. */
import type { z } from 'zod'
import type { BootEntries, BootEntry, bootEntriesBodySchema } from '../../api/boot-entries.ts'
import type { GuestSpec } from '../../config/guest-spec.ts'
import { bootWay } from '../../modes/boot-way.ts'
import { modesOfKernel } from '../../modes/verdict.ts'
import { bootWords, diskToBoot } from '../../pygrub/guest-boot.ts'
import type { BootEntry as FoundEntry } from '../../pygrub/types.ts'
import { fail } from '../../words/errors.ts'
import type { Context } from './context.ts'
import { type Definition, nextDefinition } from './guest-entry.ts'
import { readDefinition } from './read-definition.ts'

/** The body of POST /v1/boot-entries, checked. */
export type BootEntriesBody = z.output<typeof bootEntriesBodySchema>

/** Throws `boot-not-found` with all that was looked at when there is nothing to boot. */
export async function listBootEntries(context: Context, body: BootEntriesBody): Promise<BootEntries> {
  const { spec, disk, format } = subjectOf(context, body)
  const { entries, notes, ...menu } = await context.host.bootEntries({ disk, format, kernels: body.kernels })
  return { disk, format, guest: spec && viewGuest(spec), entries: entries.map(viewEntry), ...menu, notes: [...notes] }
}

/** The disk that is asked for, and the definition it came from. */
function subjectOf(context: Context, { guest, definition, overrides = [], disk }: BootEntriesBody) {
  if (disk !== undefined) return { spec: null, disk: disk.path, format: disk.format }
  const { file, text } = definition ?? knownDefinition(context, guest ?? '')
  const { spec } = readDefinition(file, text, overrides)
  return { spec, ...diskToBoot(spec) }
}

function knownDefinition({ registry }: Context, ref: string): Definition {
  const entry = registry.find(ref)
  const definition = nextDefinition(entry)
  if (definition !== null) return definition
  throw fail('not-managed', {
    what: `the disks of "${entry.name}" are not known`,
    why: 'it was made by another toolstack',
    fix: 'give its disk or its file: tetrarch boot-entries /path',
  })
}

const viewGuest = (spec: GuestSpec): BootEntries['guest'] => ({
  name: spec.name,
  bootsFrom: bootWay(spec),
  adds: bootWords(spec).extraArgs ?? '',
})

const viewEntry = ({ kernelFacts, ramdisks, ...entry }: FoundEntry): BootEntry => ({
  ...entry,
  ramdisks: [...ramdisks],
  kernelVersion: kernelFacts?.version ?? null,
  modes: kernelFacts && modesOfKernel(kernelFacts).map(({ name }) => name),
})
