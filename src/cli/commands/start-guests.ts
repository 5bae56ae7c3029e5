import type { Command } from '../command.ts'
import { followAll } from '../follow-all.ts'

export const command: Command = {
  usage: '',
  options: [],
  details: [
    'These are the guests defined with autostart=1. Each starts when those in its start_after are ready, as their key ready says, and after its start_delay.',
    'One that fails keeps no other from starting. tetrarch-guests.service runs this when the host starts.',
  ],
  examples: ['tetrarch start-guests', 'systemctl status tetrarch-guests'],
  run: async (context) => followAll(context, await context.client.call('startGuests', {})),
}
