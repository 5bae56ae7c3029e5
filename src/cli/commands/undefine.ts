import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import { YES, confirm } from '../confirm.ts'
import { onGuest } from '../did-you-mean.ts'

export const command: Command = {
  usage: '<guests...>',
  options: [YES],
  details: [
    'The file in the guests folder is removed. Disks are left alone. A guest that runs runs on, and is forgotten when it ends.',
    'With --json the removed text is printed, from which it can be defined again.',
  ],
  examples: ['tetrarch undefine web', 'tetrarch undefine web --json > web.json'],
  run: async (context, given) => {
    const { args } = given
    await confirm(context, given, `Remove the definition of ${args.join(', ')}?`)
    const removed = []
    for (const guest of args) {
      const one = await onGuest(context, guest, () => context.client.call('undefine', { params: { guest } }))
      removed.push(one)
      if (!context.json)
        context.out.print(
          `${one.name}: no longer defined; ${escapeControl(one.consequence.replace(/^"[^"]*" /, 'it '))}`,
        )
    }
    if (context.json) context.show(removed, () => [])
  },
}
