import type { Services, StreamHandlers } from '../handler.ts'

export const eventStreams = ({ events }: Services): StreamHandlers<'events'> => ({
  events: ({ query }, signal) => events.since(query.since ?? null, signal),
})
