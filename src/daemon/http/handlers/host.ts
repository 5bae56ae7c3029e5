import { type JsonHandlers, type Services, ok } from '../handler.ts'

export const hostHandlers = ({ guests }: Services): JsonHandlers<'host' | 'modes'> => ({
  host: async () => ok(await guests.hostSummary()),
  modes: () => ok(guests.modes()),
})
