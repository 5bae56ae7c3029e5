import { z } from 'zod'

export const logLineSchema = z
  .strictObject({ text: z.string().describe('Without colours and cursor movements; control characters are escaped') })
  .describe('A line of a console log')

export type LogLine = z.infer<typeof logLineSchema>
