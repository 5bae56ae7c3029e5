import { createInterface } from 'node:readline/promises'
import { fail } from '../words/errors.ts'
import { escapeControl } from '../words/escape-control.ts'
import type { Given } from './command.ts'
import type { Context } from './context.ts'

/** The option of every command that asks. */
export const YES = ['-y, --yes', 'do it without asking; only a terminal is ever asked'] as const

/**
 * Asks on a terminal before something is done that cannot be undone; a script is taken at its word. Throws `cancelled`
 * for every answer but yes.
 */
export async function confirm({ err, json }: Context, { flag }: Given, question: string): Promise<void> {
  if (flag('yes') || json || !process.stdin.isTTY || !err.isTerminal) return
  const answers = createInterface({ input: process.stdin, output: process.stderr })
  // Ctrl-C and the end of the input are answers, too.
  const none = new Promise<string>((resolve) => answers.once('close', () => resolve('')))
  try {
    const answer = await Promise.race([answers.question(`${escapeControl(question)} [y/N] `), none])
    if (/^y(es)?$/i.test(answer.trim())) return
  } finally {
    answers.close()
  }
  throw fail('cancelled', { what: 'nothing was done', fix: 'answer y, or give --yes' })
}
