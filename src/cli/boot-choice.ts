/** What `tetrarch create` boots of a guest's own menu: by options, or chosen on the terminal. */
import type { BootChoice } from '../api/boot-choice.ts'
import { fail } from '../words/errors.ts'
import type { Given } from './command.ts'
import type { Context } from './context.ts'
import type { DefinitionText } from './definition-file.ts'

/** Whose menu it is. */
export type BootedSubject = { readonly name: string } | { readonly definition: DefinitionText }
type Wanted = BootedSubject & { readonly overrides: string[] }

/** Empty for the default. Throws `usage`, or `cancelled` when the menu is left. */
export async function bootChoice(context: Context, wanted: Wanted, given: Given): Promise<BootChoice> {
  const named = namedChoice(given)
  return Object.keys(named).length > 0 ? named : await menuChoice(context, wanted, given)
}

/** What the options choose. */
function namedChoice({ text }: Given): BootChoice {
  const options = {
    entry: text('entry'),
    kernel: text('bootKernel'),
    ramdisk: text('bootRamdisk'),
    cmdline: text('cmdline'),
  }
  if (options.entry !== null && options.kernel !== null)
    throw fail('usage', { what: 'an entry and a kernel were given', fix: 'give --entry or --boot-kernel' })
  if (options.ramdisk !== null && options.kernel === null)
    throw fail('usage', { what: 'a ramdisk was given without its kernel', fix: 'give --boot-kernel too' })
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null))
}

async function menuChoice(context: Context, wanted: Wanted, { flag, isOff }: Given): Promise<BootChoice> {
  const onTerminal = process.stdin.isTTY && process.stdout.isTTY && !context.json
  const wish = flag('menu') ? 'always' : 'if-any'
  if (wish === 'always' && !onTerminal) throw fail('usage', { what: '--menu needs a terminal', fix: 'use --entry' })
  if (!onTerminal || isOff('menu') || (wish === 'if-any' && !flag('console'))) return {}
  const { chooseEntry } = await import('./choose-entry.ts')
  const { overrides } = wanted
  return await chooseEntry(context, 'name' in wanted ? { guest: wanted.name, overrides } : wanted, wish)
}
