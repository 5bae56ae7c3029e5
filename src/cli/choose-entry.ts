import type { BootChoice } from '../api/boot-choice.ts'
import type { BootEntries, BootSubject } from '../api/boot-entries.ts'
import { choiceOf, menuItem, USUAL_TIMEOUT_S } from '../boot-menu/entry-menu.ts'
import { runMenu } from '../boot-menu/run-menu.ts'
import { TetrarchError, fail } from '../words/errors.ts'
import type { Context } from './context.ts'

/** `if-any` shows the menu of a guest that has one, for as long as it says itself; `always` waits for a person, and fails without a menu. */
export type Wish = 'if-any' | 'always'

/** Lets a person choose what to boot. Throws `cancelled` when they leave. */
export async function chooseEntry(context: Context, subject: BootSubject, wish: Wish): Promise<BootChoice> {
  const menu = await menuOf(context, subject, wish)
  if (menu === null) return {}
  const { entries, guest, disk } = menu
  const timeoutSeconds = wish === 'always' ? null : (menu.timeoutSeconds ?? USUAL_TIMEOUT_S)
  const heading = ` ${guest?.name ?? ''}: what to boot from ${disk}`
  const items = entries.map((entry) => menuItem(entry, guest?.adds ?? ''))
  const outcome = await runMenu({ heading, items, timeoutSeconds }, { input: process.stdin, output: process.stdout })
  if (outcome.kind === 'leave')
    throw fail('cancelled', { what: 'nothing was started', why: 'the boot menu was left without a choice' })
  const { item, cmdline } = outcome
  context.note(`${guest?.name ?? ''}: boots "${item.title}"${cmdline === null ? '' : ' with another command line'}`)
  return choiceOf(outcome)
}

/** The menu that a start will ask; null when it asks none, or when it cannot be read: the start itself then says why. */
async function menuOf({ client }: Context, subject: BootSubject, wish: Wish): Promise<BootEntries | null> {
  try {
    const menu = await client.call('bootEntries', { body: { ...subject, kernels: 'name' } })
    if (menu.guest === null || menu.guest.bootsFrom === 'boot-loader') return menu
    if (wish === 'if-any') return null
    throw fail('config-invalid', {
      what: `"${menu.guest.name}" does not boot from the menu on its disk`,
      why: `it boots from ${menu.guest.bootsFrom}`,
      fix: 'leave --menu out, or change the definition',
    })
  } catch (error) {
    if (error instanceof TetrarchError && wish === 'if-any') return null
    throw error
  }
}
