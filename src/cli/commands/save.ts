import { act } from '../act.ts'
import type { Command } from '../command.ts'

export const command: Command = {
  usage: '<guests...>',
  options: [['--no-wait', 'come back when the daemon has begun']],
  details: [
    'The memory of the guest is written into a file, and its domain is taken away. `tetrarch create NAME` lets it go on from there, with its programs as they were; `tetrarch destroy NAME` forgets its memory.',
    'Its disks must be left alone until then. One that is a file and was changed is noticed, and the guest does not go on.',
  ],
  examples: ['tetrarch save web', 'tetrarch save web db'],
  run: (context, { args, flag }) =>
    act(context, {
      verb: 'save',
      guests: args,
      ...(flag('wait') ? { until: 'done', said: 'saved' } : { until: 'begun', said: 'being saved' }),
    }),
}
