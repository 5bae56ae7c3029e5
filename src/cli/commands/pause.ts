import { act } from '../act.ts'
import type { Command } from '../command.ts'

export const command: Command = {
  usage: '<guests...>',
  options: [['--no-wait', 'come back when the daemon has begun']],
  details: ['A paused guest keeps its memory and devices and uses no CPU.'],
  examples: ['tetrarch pause web', 'tetrarch pause web db'],
  run: (context, { args, flag }) =>
    act(context, {
      verb: 'pause',
      guests: args,
      ...(flag('wait') ? { until: 'done', said: 'paused' } : { until: 'begun', said: 'being paused' }),
    }),
}
