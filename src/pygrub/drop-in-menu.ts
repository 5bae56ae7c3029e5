/** The boot menu under `xl create -c`, as PyGrub shows one. */
import { choiceOf, menuItem, USUAL_TIMEOUT_S } from '../boot-menu/entry-menu.ts'
import { type MenuTerminal, runMenu } from '../boot-menu/run-menu.ts'
import { fail } from '../words/errors.ts'
import type { BootEntries, BootRequest } from './types.ts'

/** What a person chooses, or the default when nobody does in time. Throws `cancelled` when they leave. */
export async function chooseOnTerminal(
  { entries, timeoutSeconds }: BootEntries,
  { disk, adds }: { readonly disk: string; readonly adds: string },
  terminal: MenuTerminal,
): Promise<Pick<BootRequest, 'entry' | 'cmdline'>> {
  const items = entries.map((entry) => menuItem(entry, adds))
  const heading = ` What to boot from ${disk}`
  const outcome = await runMenu({ heading, items, timeoutSeconds: timeoutSeconds ?? USUAL_TIMEOUT_S }, terminal)
  if (outcome.kind === 'leave')
    throw fail('cancelled', { what: 'nothing is booted', why: 'the boot menu was left without a choice' })
  return choiceOf(outcome)
}
