import { z } from 'zod'

const text = z.string().max(4096)

/** What of a boot menu is started; what is left out is as the definition and the menu say. */
export const bootChoiceSchema = z
  .strictObject({
    entry: text.optional().describe("An entry's number, title, id or path (`1>2`), instead of the default"),
    kernel: text
      .optional()
      .describe('Path of a kernel on the disk, `/boot/vmlinuz` or `gpt2:/vmlinuz`; no menu is read'),
    ramdisk: text.optional().describe('Path of a ramdisk on the disk, with `kernel`'),
    cmdline: text.optional().describe("The whole command line, instead of the entry's and what the definition adds"),
  })
  .describe('What is booted this once')

export type BootChoice = z.infer<typeof bootChoiceSchema>
