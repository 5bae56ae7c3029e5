import { act } from '../act.ts'
import type { Command } from '../command.ts'

export const command: Command = {
  usage: '<guests...>',
  options: [['--no-wait', 'come back when the daemon has begun']],
  details: [
    'The guest is asked to restart; its system decides how long that takes. The command waits until it is up again.',
  ],
  examples: ['tetrarch reboot web', 'tetrarch reboot web db'],
  run: (context, { args, flag }) =>
    act(context, {
      verb: 'reboot',
      guests: args,
      ...(flag('wait') ? { until: 'done', said: 'rebooted' } : { until: 'begun', said: 'asked to reboot' }),
    }),
}
