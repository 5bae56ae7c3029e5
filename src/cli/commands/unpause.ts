import { act } from '../act.ts'
import type { Command } from '../command.ts'

export const command: Command = {
  usage: '<guests...>',
  options: [['--no-wait', 'come back when the daemon has begun']],
  details: ['Lets the vCPUs of a paused guest run again.'],
  examples: ['tetrarch unpause web', 'tetrarch unpause web db'],
  run: (context, { args, flag }) =>
    act(context, {
      verb: 'unpause',
      guests: args,
      ...(flag('wait') ? { until: 'done', said: 'running again' } : { until: 'begun', said: 'being unpaused' }),
    }),
}
