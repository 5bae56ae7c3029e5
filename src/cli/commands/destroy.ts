import { act } from '../act.ts'
import type { Command } from '../command.ts'
import { YES, confirm } from '../confirm.ts'

export const command: Command = {
  usage: '<guests...>',
  options: [['--no-wait', 'come back when the daemon has begun'], YES],
  details: [
    'The guest gets no chance to save anything, like a machine whose power is cut. Use shutdown if it still answers.',
    'Of a guest that is saved, its memory is forgotten.',
  ],
  examples: ['tetrarch destroy web', 'tetrarch destroy --yes web db'],
  run: async (context, given) => {
    const { args, flag } = given
    await confirm(context, given, `Cut the power of ${args.join(', ')}?`)
    await act(context, {
      verb: 'destroy',
      guests: args,
      ...(flag('wait') ? { until: 'done', said: 'destroyed' } : { until: 'begun', said: 'being destroyed' }),
    })
  },
}
