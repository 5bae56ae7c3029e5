import { z } from 'zod'
import { bootChoiceSchema } from './boot-choice.ts'
import { GuestSpec } from '../config/guest-spec.ts'

/** Characters of a definition that a request may bring. */
const MAX_TEXT = 200_000

export const definitionTextSchema = z.strictObject({
  file: z.string().min(1).max(4096).describe('Used in messages'),
  text: z.string().max(MAX_TEXT).describe('The text of an xl.cfg file'),
})

export const overridesSchema = z
  .array(z.string().max(MAX_TEXT))
  .max(256)
  .optional()
  .describe('Settings in the syntax of xl.cfg that count after those of the definition, such as memory=512')

export const findingSchema = z
  .strictObject({
    severity: z.enum(['error', 'warning']),
    rule: z.string().describe('Name of the rule that was broken: syntax, no-effect, shared-disk …'),
    where: z.strictObject({ file: z.string(), line: z.int(), column: z.int() }),
    key: z.string().optional().describe('The key it is about, if it is about one'),
    message: z.string(),
    fix: z.string().optional(),
  })
  .describe('Something that is to be said about a definition')

export const changeSchema = z
  .strictObject({
    key: z.string(),
    before: z.string().nullable().describe('As xl.cfg has it; null where the key has its default'),
    after: z.string().nullable(),
  })
  .describe('A key that differs between two definitions')

export const definitionSchema = z
  .strictObject({
    name: z.string(),
    file: z.string(),
    text: z.string(),
    revision: z.string().describe('Changes with every byte of the text; give it back to change just this one'),
    spec: GuestSpec.nullable().describe('What the text says; null when it cannot be read'),
    findings: z.array(findingSchema).describe('Mistakes and warnings, in the order of their places'),
    changes: z
      .array(changeSchema)
      .describe('What the running guest was started without; these changes apply at its next start'),
  })
  .describe('The definition of a guest in the guests folder')

export const undefinedSchema = z
  .strictObject({
    name: z.string(),
    file: z.string(),
    text: z.string().describe('What was in the file that is gone now'),
    consequence: z.string().describe('What this means for the guest, in a sentence'),
  })
  .describe('A definition that was removed')

export const defineBodySchema = z
  .strictObject({
    text: z.string().max(MAX_TEXT).optional().describe('The text of an xl.cfg file, kept as it is'),
    spec: GuestSpec.optional().describe('What the guest is to be; it is written as xl.cfg'),
    expect: z
      .string()
      .max(128)
      .nullable()
      .optional()
      .describe(
        'The revision that is replaced, null for a guest that is not defined yet; left out, whichever is there',
      ),
    errors: z
      .enum(['refuse', 'accept'])
      .default('refuse')
      .describe('What happens with a definition that loads, but cannot work on this host as it is now'),
  })
  .refine(({ text, spec }) => (text === undefined) !== (spec === undefined), {
    message: 'give either "text" or "spec"',
  })

export const lintBodySchema = z.strictObject({
  definition: definitionTextSchema,
  overrides: overridesSchema,
  name: z.string().max(256).optional().describe('The name that its file asks for: a guest of another one is an error'),
})

export const lintSchema = z
  .strictObject({ spec: GuestSpec.nullable(), findings: z.array(findingSchema) })
  .describe('What a definition says, and what is to be said about it on this host')

/** What is to be started: a defined guest, a text, or a specification. */
const subject = {
  name: z.string().max(256).optional().describe('A defined guest'),
  definition: definitionTextSchema.optional(),
  spec: GuestSpec.optional(),
  overrides: overridesSchema,
}

const oneSubject = [
  ({ name, definition, spec }: { name?: unknown; definition?: unknown; spec?: unknown }): boolean =>
    [name, definition, spec].filter((each) => each !== undefined).length === 1,
  { message: 'give one of "name", "definition" and "spec"' },
] as const

export const planBodySchema = z.strictObject(subject).refine(...oneSubject)
export const createBodySchema = z
  .strictObject({
    ...subject,
    from: z
      .string()
      .max(256)
      .optional()
      .describe(
        'A defined guest after which "name", which is not defined, is made; of the settings only those of its devices can differ',
      ),
    boot: bootChoiceSchema.optional(),
    paused: z.boolean().default(false).describe('Leave it paused after it was built'),
  })
  .refine(...oneSubject)
  .refine(({ from, name, boot }) => from === undefined || (name !== undefined && boot === undefined), {
    message: '"from" goes with "name", the new guest\'s, and without "boot"',
  })

export const planSchema = z
  .strictObject({
    mode: z.string().describe('The mode that it would run in'),
    evidence: z.array(z.string()).describe('What decided for this mode'),
    libxl: z
      .record(z.string(), z.unknown())
      .describe("What libxl would be given: a libxl_domain_config in libxl's JSON"),
  })
  .describe('How a guest would be started now')

export type Finding = z.infer<typeof findingSchema>
export type Definition = z.infer<typeof definitionSchema>
export type KeyChange = z.infer<typeof changeSchema>
