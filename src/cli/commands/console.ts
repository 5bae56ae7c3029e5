import { attachConsole } from '../attach-console.ts'
import type { Command } from '../command.ts'

export const command: Command = {
  usage: '<guest>',
  options: [['-r, --read-only', 'only look, and leave the keyboard to whoever has it']],
  details: [
    'What the guest said before is shown first. Ctrl-] leaves. Many may look; who attached last writes.',
    'A console passes no window size: in the guest, "stty rows R cols C" sets it. A guest that another toolstack made is read only while somebody is attached here, and not while "xl console" reads it.',
    'Input from a pipe is sent to the guest, and its end leaves.',
  ],
  examples: ['tetrarch console web', 'tetrarch console --read-only web'],
  run: (context, { args: [guest = ''], flag }) =>
    attachConsole(context, guest, { input: flag('readOnly') ? 'none' : 'take' }),
}
