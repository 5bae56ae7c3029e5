import { type ApiRequest, type JsonHandlers, type Services, type StreamHandlers, ok } from '../handler.ts'
import type { Verb } from '../../guests/transitions.ts'
import { answerTask } from './tasks.ts'

export function guestHandlers(
  services: Services,
): JsonHandlers<
  | 'guests'
  | 'guest'
  | 'vcpus'
  | 'explain'
  | 'explainDefinition'
  | 'bootEntries'
  | 'create'
  | 'vnc'
  | 'planConversion'
  | 'convert'
  | 'startGuests'
  | 'stopGuests'
  | Verb
> {
  const { guests, config } = services
  const act =
    (verb: Verb) =>
    ({ params, query, caller }: ApiRequest<Verb>) =>
      answerTask(services, guests.act(verb, params.guest, caller), query.wait)
  return {
    guests: ({ query }) => ok(guests.list(query.query)),
    guest: ({ params }) => ok(guests.get(params.guest)),
    vcpus: ({ params }) => ok(guests.vcpus(params.guest)),
    explain: async ({ params }) => ok(await guests.explain(params.guest)),
    explainDefinition: async ({ body: { definition } }) => ok(await guests.explainDefinition(definition)),
    bootEntries: async ({ body }) => ok(await guests.bootEntries(body)),
    vnc: async ({ params }) => ok(await guests.vnc(params.guest)),
    create: ({ body, query, caller }) => answerTask(services, guests.create(body, caller), query.wait),
    planConversion: async ({ params, body }) =>
      ok(await guests.conversions.plan(params.guest, body.to, AbortSignal.timeout(config.tasks.stepMs))),
    convert: ({ params, body, query, caller }) =>
      answerTask(services, guests.conversions.convert(params.guest, body, caller), query.wait),
    startGuests: ({ query, caller }) => answerTask(services, guests.startGuests(caller), query.wait),
    stopGuests: ({ query, caller }) => answerTask(services, guests.stopGuests(caller), query.wait),
    shutdown: act('shutdown'),
    reboot: act('reboot'),
    destroy: act('destroy'),
    pause: act('pause'),
    unpause: act('unpause'),
    save: act('save'),
  }
}

export const guestStreams = ({ guests }: Services): StreamHandlers<'log'> => ({
  log: ({ params, query }, signal) =>
    guests.log(params.guest, { lines: query.lines ?? null, follow: query.follow === 'yes' }, signal),
})
