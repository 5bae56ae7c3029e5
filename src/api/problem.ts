import type { z } from 'zod'
import { TetrarchError, errorTable } from '../words/errors.ts'
import type { problemSchema } from './problem-schema.ts'

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
