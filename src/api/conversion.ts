import { z } from 'zod'
import { modeNames } from '../words/mode-names.ts'
import { changeSchema } from './definition.ts'
import { reasonSchema } from './explanation.ts'

const mode = z.enum(modeNames)
const MAX_READY = 200
const DAY_MS = 86_400_000

export const conversionPlanBodySchema = z.strictObject({ to: mode.describe('The mode that the guest is to run in') })

export const convertBodySchema = z.strictObject({
  to: mode.describe('The mode that the guest is to run in'),
  trial: z.boolean().default(false).describe('Put the old definition and state back also when it has come up'),
  ready: z
    .string()
    .min(1)
    .max(MAX_READY)
    .optional()
    .describe('A text on its console that shows that it has come up; left out, it must go on for a while'),
  timeoutMs: z
    .int()
    .min(1)
    .max(DAY_MS)
    .optional()
    .describe('How long it may take to come up; left out, what the daemon is configured with. In milliseconds.'),
})

export const conversionPlanSchema = z
  .strictObject({
    guest: z.string(),
    from: mode,
    to: mode,
    possible: z.boolean().describe('False when something is known that keeps it from coming up'),
    changes: z.array(changeSchema).describe('Keys of its definition'),
    text: z.string().describe('The definition as it would be'),
    revision: z.string().describe('Of the definition that this plan was made from'),
    boot: z.strictObject({ before: z.string(), after: z.string() }).describe('What starts its kernel'),
    deviceModel: z.strictObject({ before: z.boolean(), after: z.boolean() }).describe('Whether it has a QEMU'),
    names: z
      .array(
        z.strictObject({ kind: z.enum(['disk', 'nic']), device: z.string(), before: z.string(), after: z.string() }),
      )
      .describe('What Linux calls its disks and nics'),
    console: z.strictObject({ before: z.array(z.string()), after: z.array(z.string()) }),
    commandLine: z.string().nullable().describe("Its kernel's arguments as its own boot menu has them"),
    system: z.string().nullable().describe('The system on its disk'),
    needs: z
      .array(
        z.strictObject({
          weight: z.enum(['met', 'look', 'cannot']),
          what: z.string(),
          seen: z.string(),
          fix: z.string().nullable(),
        }),
      )
      .describe('What its own system must have, and what was seen on its disk'),
    reasons: z.array(reasonSchema).describe('What host, definition and kernel say against the mode, or to know'),
  })
  .describe('What a conversion would change')

export type ConversionPlan = z.infer<typeof conversionPlanSchema>
