import type { Event } from '../../../api/event.ts'
import { eventFields } from '../../find/event-fields.ts'
import { type Query, compileQuery } from '../../find/query.ts'
import type { Services, StreamHandlers } from '../handler.ts'

export const eventStreams = ({ events, config }: Services): StreamHandlers<'events'> => ({
  events: ({ query: { since = null, query: text } }, signal) => {
    const stream = events.since(since, signal)
    if (text === undefined) return stream
    // Read before the stream begins, so that a query that is none is a 400 and not a broken stream.
    const rules = { fields: eventFields, saved: config.queries, timeoutMs: config.guests.queryMs }
    return matching(stream, compileQuery(text, rules))
  },
})

/** Readers must always learn that they missed something. */
async function* matching(events: AsyncIterable<Event>, query: Query): AsyncGenerator<Event, void, undefined> {
  for await (const event of events)
    if (event.kind === 'lost' || query.select([event], (each) => each).length > 0) yield event
}
