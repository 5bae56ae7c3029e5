import { z } from 'zod'
import { deviceModelPolicies } from '../config/guest-spec.ts'
import { configuredModes, modeNames } from '../words/mode-names.ts'
import { bootedSchema, deviceSchema } from './guest.ts'
import { problemSchema } from './problem-schema.ts'

const mode = z.enum(modeNames)

const verdicts = ['fits', 'works-but', 'cannot'] as const

export const reasonSchema = z.strictObject({
  weight: z.enum(['cannot', 'but']),
  about: z.enum(['host', 'definition', 'kernel']),
  seenIn: z.string().nullable().describe('Where it shows in the definition'),
  why: z.string(),
  fix: z.string().nullable(),
})

export const explanationSchema = z
  .strictObject({
    guest: z.string(),
    file: z.string(),
    configured: z.enum(configuredModes),
    choice: z.strictObject({
      mode,
      possible: z.boolean().describe('Whether a start in this mode would be tried'),
      steps: z
        .array(z.strictObject({ question: z.string(), answer: z.string(), leadsTo: mode.nullable() }))
        .describe('What decided, in the order in which it was looked at'),
      last: mode.nullable().describe('What was chosen at the last start, null when none is remembered'),
    }),
    verdicts: z
      .array(z.strictObject({ mode, verdict: z.enum(verdicts), reasons: z.array(reasonSchema) }))
      .describe('For each mode, whether the guest can run in it, and why'),
    start: z
      .strictObject({
        booted: bootedSchema,
        command: z.string().nullable().describe('The command line of its kernel'),
        firmware: z.string().nullable(),
        deviceModel: z.strictObject({
          needed: z.boolean(),
          avoidable: z.boolean().describe('True when a device needs it in a mode that does without'),
          reasons: z.array(z.string()),
          policy: z
            .enum(deviceModelPolicies)
            .describe('What happens when a device needs one in a mode that does without'),
        }),
        problems: z.array(problemSchema).describe('What would make the start fail besides its mode'),
      })
      .describe('What a start would start'),
    running: z
      .strictObject({
        mode: mode.nullable(),
        evidence: z.array(z.string()),
        devices: z.array(deviceSchema).describe('Its disks and nics, and what of them it uses'),
        deviceModel: z
          .strictObject({
            pid: z.int(),
            memoryMiB: z
              .number()
              .nullable()
              .describe('Its share of memory (PSS): pages that others use too count in part'),
            cpuSeconds: z.number().nullable(),
          })
          .nullable(),
      })
      .nullable()
      .describe('What runs now, null when it is halted'),
    pros: z.array(z.string()),
    cons: z.array(z.string()),
  })
  .describe('Why a guest gets its mode, and what each other mode would mean')

export type Explanation = z.infer<typeof explanationSchema>
