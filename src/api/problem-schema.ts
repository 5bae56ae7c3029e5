import { z } from 'zod'
import { type ErrorCode, errorTable } from '../words/errors.ts'

const codes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]]

/** RFC 9457 problem document with our four parts. */
export const problemSchema = z
  .strictObject({
    type: z.string().describe('urn:tetrarch:error:CODE'),
    title: z.string(),
    status: z.int(),
    code: z.enum(codes),
    what: z.string(),
    where: z.string().optional(),
    why: z.string().optional(),
    fix: z.string().optional(),
    stage: z.string().optional(),
    evidence: z.array(z.string()).optional(),
  })
  .describe('What failed, where, why, and what to do next')
