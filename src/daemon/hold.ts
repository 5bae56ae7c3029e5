/**
 * Stop points for tests of what happens when something dies at a step: only with TETRARCH_HOLD_FILE in the environment (the
 * lab sets it, test/lab/hold.ts), every step whose name stands in that file as a line waits until it does not any more. Without
 * the variable nothing is read, and a step begins at once.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Operation } from './host.ts'

/** Called before each step; resolves when it may run, rejects when the operation's signal aborts. Says in its log that it waits. */
export type Hold = (step: string, operation: Operation) => Promise<void>

/** How often the file is looked at while a step is held, milliseconds. */
const LOOK_AGAIN = 50

/** What a held task logs. */
export const heldAt = (step: string): string => `held before "${step}"`

export function holdFrom(env: Readonly<Record<string, string | undefined>>): Hold {
  const file = env['TETRARCH_HOLD_FILE']
  if (file === undefined) return () => Promise.resolve()
  const isHeld = async (step: string) => (await readFile(file, 'utf8').catch(() => '')).split('\n').includes(step)
  return async (step, { signal, log }) => {
    if (!(await isHeld(step))) return
    log(heldAt(step))
    do {
      await sleep(LOOK_AGAIN, undefined, { signal }).catch(() => signal.throwIfAborted())
    } while (await isHeld(step))
  }
}
