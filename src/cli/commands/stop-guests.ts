import type { Command } from '../command.ts'
import { followAll } from '../follow-all.ts'

export const command: Command = {
  usage: '',
  options: [],
  details: [
    'A guest stops when those that start after it have stopped. It is asked to power off, and destroyed when its shutdown_timeout is over; on_host_shutdown of its definition has it saved instead, then or at once. No on_* key brings it back. Domains of other toolstacks are left alone.',
    'tetrarch-guests-stop.service runs this before the host goes down. Saved guests go on with start-guests.',
  ],
  examples: ['tetrarch stop-guests'],
  run: async (context) => followAll(context, await context.client.call('stopGuests', {})),
}
