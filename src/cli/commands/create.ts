import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Task } from '../../api/task.ts'
import { TetrarchError, fail } from '../../words/errors.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { onGuest } from '../did-you-mean.ts'
import { followTask } from '../follow-task.ts'
import { bornText } from '../render/guest-words.ts'

export const command: Command = {
  usage: '<file-or-name>',
  options: [
    ['-c, --console', 'attach to its console as soon as it was built'],
    ['-p, --paused', 'leave it paused'],
    ['--no-wait', 'come back when the daemon has begun'],
  ],
  details: [
    'A word with a "/" or that ends in .cfg is a file in the syntax of xl.cfg; any other word is the name of a defined guest, or of a file if there is no such guest.',
    'Ctrl-C cancels, and what was built is taken away.',
  ],
  examples: ['tetrarch create web', 'tetrarch create ./web.cfg', 'tetrarch create -c /root/test.cfg'],
  run: async (context, { args: [word = ''], flag }) => {
    const begun = await begin(context, word, flag('paused'))
    if (!flag('wait')) {
      context.show(begun, () => [`${begun.guest}: being built, task ${begun.id}`])
      return
    }
    const { guest: name } = await followTask(context, begun)
    if (flag('console')) {
      const { attachConsole } = await import('../attach-console.ts')
      await attachConsole(context, name)
      return
    }
    const guest = await context.client.call('guest', { params: { guest: name } })
    for (const warning of guest.warnings) context.note(`${guest.name}: ${escapeControl(warning)}`)
    context.show(guest, () => [`${guest.name}: ${bornText(guest)}`])
  },
}

async function begin(context: Context, word: string, paused: boolean): Promise<Task> {
  const { client } = context
  const fromFile = () => client.call('create', { body: { definition: readDefinition(word), paused } })
  if (word.includes('/') || word.endsWith('.cfg')) return fromFile()
  try {
    return await onGuest(context, word, () => client.call('create', { body: { name: word, paused } }))
  } catch (error) {
    if (error instanceof TetrarchError && error.code === 'not-found' && existsSync(word)) return fromFile()
    throw error
  }
}

function readDefinition(file: string): { file: string; text: string } {
  try {
    return { file: resolve(file), text: readFileSync(file, 'utf8') }
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    throw fail(
      isMissing ? 'not-found' : 'file-missing',
      {
        what: isMissing ? 'there is no such file' : 'the definition cannot be read',
        where: file,
        why: isMissing ? undefined : String(cause),
        fix: 'give the path of a guest definition, or the name of a defined guest (tetrarch list)',
      },
      { cause },
    )
  }
}
