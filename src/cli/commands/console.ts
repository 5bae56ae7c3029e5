import { attachConsole } from '../attach-console.ts'
import type { Command } from '../command.ts'

export const command: Command = {
  usage: '<guest>',
  options: [['-r, --read-only', 'only look, and leave the keyboard to whoever has it']],
  details: [
    'What the guest said before is shown first. Ctrl-] leaves. Many may look; who attached last writes.',
    'Input from a pipe is sent to the guest, and its end leaves.',
  ],
  examples: ['tetrarch console web', 'tetrarch console --read-only web'],
  run: (context, { args: [guest = ''], flag }) => attachConsole(context, guest, flag('readOnly') ? 'none' : 'take'),
}
