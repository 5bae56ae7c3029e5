import { type ApiRequest, type JsonHandlers, type Services, ok } from '../handler.ts'
import { answerTask } from './tasks.ts'

type Verb = 'shutdown' | 'reboot' | 'destroy' | 'pause' | 'unpause'

export function guestHandlers(services: Services): JsonHandlers<'guests' | 'guest' | 'create' | Verb> {
  const { guests } = services
  const act =
    (verb: Verb) =>
    ({ params, query, caller }: ApiRequest<Verb>) =>
      answerTask(services, guests.act(verb, params.guest, caller), query.wait)
  return {
    guests: () => ok(guests.list()),
    guest: ({ params }) => ok(guests.get(params.guest)),
    create: ({ body, query, caller }) => answerTask(services, guests.create(body, caller), query.wait),
    shutdown: act('shutdown'),
    reboot: act('reboot'),
    destroy: act('destroy'),
    pause: act('pause'),
    unpause: act('unpause'),
  }
}
