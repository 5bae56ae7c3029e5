import { act } from '../act.ts'
import type { Command } from '../command.ts'

export const command: Command = {
  usage: '<guests...>',
  options: [['--no-wait', 'come back when the daemon has begun']],
  details: [
    'The guest gets no chance to save anything, like a machine whose power is cut. Use shutdown if it still answers.',
  ],
  examples: ['tetrarch destroy web', 'tetrarch destroy web db'],
  run: (context, { args, flag }) =>
    act(context, {
      verb: 'destroy',
      guests: args,
      ...(flag('wait') ? { until: 'done', said: 'destroyed' } : { until: 'begun', said: 'being destroyed' }),
    }),
}
