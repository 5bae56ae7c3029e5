import { fail } from '../../words/errors.ts'
import { act } from '../act.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'

export const command: Command = {
  usage: '[guests...]',
  options: [
    ['-a, --all', 'every running guest that tetrarch manages'],
    ['-w, --wait', 'come back when they have stopped'],
  ],
  details: ['The guest is asked to power off; its system decides. One that does not answer can be destroyed.'],
  examples: ['tetrarch shutdown web', 'tetrarch shutdown --wait web db', 'tetrarch shutdown --all --wait'],
  run: async (context, { args, flag }) => {
    const guests = await chosen(context, args, flag('all'))
    const end = flag('wait')
      ? ({ until: 'done', said: 'shut down' } as const)
      : ({ until: 'begun', said: 'asked to shut down' } as const)
    await act(context, { verb: 'shutdown', guests, ...end })
  },
}

async function chosen({ client }: Context, names: readonly string[], all: boolean): Promise<readonly string[]> {
  if (all === names.length > 0)
    throw fail('usage', { what: 'shutdown takes either names of guests or --all', fix: 'tetrarch shutdown --help' })
  if (!all) return names
  const guests = await client.call('guests', {})
  return guests.filter(({ managed, domid }) => managed && domid !== null).map(({ name }) => name)
}
