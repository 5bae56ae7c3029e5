import { z } from 'zod'
import { bootDiskFormats } from '../words/boot-disk-formats.ts'
import { definitionTextSchema, overridesSchema } from './definition.ts'
import { modeNames } from '../words/mode-names.ts'

const text = z.string().max(4096)

export const bootEntriesBodySchema = z
  .strictObject({
    guest: z.string().min(1).max(256).optional().describe("A guest's name, uuid or domid"),
    definition: definitionTextSchema.optional(),
    overrides: overridesSchema,
    disk: z
      .strictObject({
        path: text.regex(/^\//, 'expected an absolute path').describe('A disk image or block device of dom0'),
        format: z.enum(bootDiskFormats).default('raw'),
      })
      .optional(),
    kernels: z
      .enum(['look', 'name'])
      .default('look')
      .describe('Whether kernels are unpacked to see what they can do, which takes the most time, or only named'),
  })
  .refine((body) => [body.guest, body.definition, body.disk].filter((each) => each !== undefined).length === 1, {
    message: 'give one of "guest", "definition" and "disk"',
  })

export const bootEntrySchema = z.strictObject({
  path: z.string().describe('Numbers from the top menu: `0`, `1>2`'),
  title: z.string(),
  id: z.string().nullable(),
  isDefault: z.boolean(),
  partition: z.string().describe('gpt2, msdos5, lvm/vg-root; `disk` where there is no partition table'),
  filesystem: z.string(),
  source: z.string().describe('The menu file, or the folder of the kernels where there is none'),
  kernel: z.string().nullable().describe('Its path in the guest'),
  ramdisks: z.array(z.string()),
  cmdline: z.string().nullable().describe('Its own command line, without what the definition adds'),
  kernelVersion: z.string().nullable(),
  modes: z
    .array(z.enum(modeNames))
    .nullable()
    .describe('Modes that can boot it; null when its kernel was not looked at'),
  problem: z.string().nullable().describe('Why it cannot be booted'),
})

export const bootEntriesSchema = z
  .strictObject({
    disk: z.string(),
    format: z.enum(bootDiskFormats),
    guest: z
      .strictObject({
        name: z.string(),
        bootsFrom: z
          .enum(['kernel', 'boot-loader', 'pvgrub', 'firmware'])
          .describe('What a start boots from; only `boot-loader` asks these entries'),
        adds: z.string().describe('What the definition adds to the command line of the entry'),
      })
      .nullable()
      .describe('Null for a disk'),
    entries: z.array(bootEntrySchema),
    defaultBecause: z.string().describe('Why the default is the default'),
    timeoutSeconds: z.int().nullable().describe('How long the menu waits; null when it does not say, or for ever'),
    notes: z.array(z.string()).describe('What was not understood or not followed'),
  })
  .describe('The boot menu of a disk')

export type BootEntry = z.infer<typeof bootEntrySchema>
export type BootEntries = z.infer<typeof bootEntriesSchema>
/** Whose menu is asked for. */
export type BootSubject = Pick<z.input<typeof bootEntriesBodySchema>, 'guest' | 'definition' | 'overrides' | 'disk'>
