/** The fields that a query over events can ask for: those of the events themselves, as the API sends them. */
import { eventSchema } from '../../api/event.ts'

export const eventFields: ReadonlySet<string> = new Set(
  eventSchema.options.flatMap((option) => Object.keys(option.shape)),
)
