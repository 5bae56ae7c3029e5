import type { z } from 'zod'
import type { planSchema } from '../../api/definition.ts'
import { evidenceOf } from '../../modes/choose.ts'
import type { Operation } from '../host.ts'
import { type Subject, definitionOf } from './admission.ts'
import type { Context } from './context.ts'
import { guestUuid } from './stable-uuid.ts'
import { planSteps } from './plan-steps.ts'

export type Plan = z.output<typeof planSchema>

/**
 * The first steps of a start, and what they find out: the kernel is looked for and the mode chosen as a create would do
 * it now. Whether it all would work is for the other steps to say. Rejects as a create would.
 */
export async function planStart(context: Context, subject: Subject, signal: AbortSignal): Promise<Plan> {
  const definition = definitionOf(context, subject)
  const { steps, draft } = planSteps({
    context,
    definition,
    uuid: guestUuid(definition, context.machineId),
    entry: null,
  })
  const operation: Operation = { signal, log: () => undefined }
  try {
    for (const step of steps) await step.run(operation)
    if (draft.choice === null) throw new Error('no mode was chosen')
    return { mode: draft.choice.mode.name, evidence: [...evidenceOf(draft.choice)], libxl: { ...draft.config } }
  } finally {
    await context.host.releaseBoot(draft.boot)
  }
}
