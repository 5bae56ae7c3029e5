import { createInterface } from 'node:readline/promises'
import type { ConversionPlan } from '../../api/conversion.ts'
import { fail } from '../../words/errors.ts'
import { escapeControl } from '../../words/escape-control.ts'
import { type ModeName, modeNames } from '../../words/mode-names.ts'
import type { Command, Given } from '../command.ts'
import { onGuest } from '../did-you-mean.ts'
import { followTask } from '../follow-task.ts'
import { conversionLines } from '../render/conversion.ts'

export const command: Command = {
  usage: '<guest>',
  options: [
    ['--to <mode>', `the new mode: ${modeNames.join(', ')}`],
    ['--plan', 'only show what would change'],
    ['--trial', 'put everything back also when it has come up'],
    ['--ready <text>', 'a text on its console that shows that it has come up: "login:"'],
    ['--timeout <seconds>', 'how long it may take to come up'],
    ['-y, --yes', 'do not ask'],
  ],
  details: [
    "First the plan: which keys of the definition change, what the guest's disks, nics and console are called inside, and what its own system must have, as it was read from its disk. What is known not to work is refused.",
    'Then the guest is asked to power off, its definition is changed, and it is started in the new mode. It has come up when its PV devices are connected and it goes on for a while, or says the text of --ready.',
    'If it does not, its old definition and old state are put back, also when the daemon dies in the middle. The old definition is kept beside the new one.',
  ],
  examples: [
    'tetrarch convert web --to pvh --plan',
    'tetrarch convert web --to pvh --trial',
    'tetrarch convert web --to pvhvm --ready "login:"',
  ],
  run: async (context, given) => {
    const [guest = ''] = given.args
    const to = modeIn(given)
    const timeoutMs = timeoutIn(given)
    const plan = await onGuest(context, guest, () =>
      context.client.call('planConversion', { params: { guest }, body: { to } }),
    )
    if (given.flag('plan')) {
      context.show(plan, () => conversionLines(plan, context.out))
      return
    }
    if (!context.json) context.out.print(...conversionLines(plan, context.out), '')
    if (plan.possible && !given.flag('yes') && !(await agrees(plan))) return
    const ready = given.text('ready')
    const task = await context.client.call('convert', {
      params: { guest: plan.guest },
      body: {
        to,
        trial: given.flag('trial'),
        ...(ready !== null && { ready }),
        ...(timeoutMs !== null && { timeoutMs }),
      },
    })
    const done = await followTask(context, task)
    context.show(done, () => [`${plan.guest}: ${escapeControl(done.log.at(-1) ?? 'done')}`])
  },
}

function modeIn({ text }: Given): ModeName {
  const word = text('to')
  const mode = modeNames.find((name) => name === word)
  if (mode !== undefined) return mode
  const what = word === null ? 'convert needs the new mode' : `there is no mode "${word}"`
  throw fail('usage', { what, fix: `--to ${modeNames.join(', ')}` })
}

function timeoutIn({ text }: Given): number | null {
  const word = text('timeout')
  if (word === null) return null
  const seconds = Number(word)
  if (Number.isInteger(seconds) && seconds > 0) return seconds * 1000
  throw fail('usage', { what: `--timeout ${word} is no number of seconds`, fix: '--timeout 300' })
}

/** Asks; where nobody can answer, the command itself was the answer. */
async function agrees({ guest, to }: ConversionPlan): Promise<boolean> {
  if (!process.stdin.isTTY) return true
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await asking.question(`Restart ${escapeControl(guest)} as ${to}? [y/N] `)
    return answer.trim().toLowerCase().startsWith('y')
  } finally {
    asking.close()
  }
}
