import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import { onGuest } from '../did-you-mean.ts'
import { countIn } from '../numbers.ts'

export const command: Command = {
  usage: '<guest>',
  options: [
    ['-f, --follow', 'go on as the guest writes, over its ends and starts'],
    ['-n, --lines <number>', 'begin with this many of the last lines'],
  ],
  details: [
    'What a guest said on its console, from the first byte of its life on. The log stays when the guest has died or gone.',
    'Colours are left out and control characters are shown as \\x1b and the like: a guest cannot touch your terminal. With --json each line is a JSON text.',
  ],
  examples: ['tetrarch logs web', 'tetrarch logs -f -n 20 web'],
  run: async (context, { args: [guest = ''], flag, text }) => {
    const { client, json, out } = context
    const lines = countIn(text('lines'), '--lines')
    const query = { follow: flag('follow') ? 'yes' : 'no', ...(lines !== null && { lines }) } as const
    await onGuest(context, guest, async () => {
      for await (const line of client.stream('log', { params: { guest }, query }))
        out.print(json ? JSON.stringify(line) : escapeControl(line.text))
    })
  },
}
