import { z } from 'zod'
import { type ErrorCode, TetrarchError, errorTable } from '../words/errors.ts'

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

export type Problem = z.infer<typeof problemSchema>

/** The error as the API sends it. */
export function toProblem(error: TetrarchError): Problem {
  const { status, title } = errorTable[error.code]
  const { what, where, why, fix, stage, evidence } = error.parts
  return {
    type: `urn:tetrarch:error:${error.code}`,
    title,
    status,
    code: error.code,
    what,
    ...(where !== undefined && { where }),
    ...(why !== undefined && { why }),
    ...(fix !== undefined && { fix }),
    ...(stage !== undefined && { stage }),
    ...(evidence !== undefined && { evidence: [...evidence] }),
  }
}

/** The error that a client throws for a problem document it was sent. */
export const fromProblem = ({ code, what, where, why, fix, stage, evidence }: Problem): TetrarchError =>
  new TetrarchError(code, { what, where, why, fix, stage, evidence })
