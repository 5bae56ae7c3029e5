import type { z } from 'zod'
import type { planBodySchema } from '../../api/definition.ts'
import type { GuestSpec } from '../../config/guest-spec.ts'
import { fail } from '../../words/errors.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { isFileWord, isThere, overridesIn, readDefinitionFile } from '../definition-file.ts'
import { onGuest } from '../did-you-mean.ts'
import { definitionOf } from './define.ts'

type PlanBody = z.input<typeof planBodySchema>

/** What is dumped: its text, and how the daemon is told of it. */
interface Dumped {
  readonly file: string
  readonly text: string
  readonly overrides: readonly string[]
  readonly subject: PlanBody
}

export const command: Command = {
  usage: '<file-or-name> [settings...]',
  options: [
    ['--cfg', 'as xl.cfg, written anew: what the text means, without what has its default'],
    ['--libxl-json', 'what libxl would be given if the guest were started now'],
  ],
  details: [
    'Without an option the text of the definition is printed as it is; with --json what it means, as the API has it.',
    'For --libxl-json the kernel is looked for on the guest\'s disk and the mode is chosen as "create" would do it; nothing is started. A kernel that had to be unpacked has a path that is new at each start.',
    'Settings count after those of the definition, as with create.',
  ],
  examples: ['tetrarch dump web', 'tetrarch dump ./web.cfg --json', 'tetrarch dump web --libxl-json memory=512'],
  run: async (context, { args: [word = '', ...settings], flag }) => {
    if (flag('cfg') && flag('libxlJson'))
      throw fail('usage', { what: '--cfg and --libxl-json are two forms', fix: 'give one of them' })
    const dumped = await find(context, word, overridesIn(settings))
    if (flag('libxlJson')) await dumpPlan(context, dumped)
    else if (flag('cfg')) context.out.print(await asConfig(dumped))
    else if (context.json) context.show(await specOf(dumped), () => [])
    else if (dumped.overrides.length > 0) context.out.print(await asConfig(dumped))
    else context.out.print(dumped.text.replace(/\n$/, ''))
  },
}

async function find(context: Context, word: string, overrides: readonly string[]): Promise<Dumped> {
  const fromFile = (): Dumped => {
    const definition = readDefinitionFile(word)
    return { ...definition, overrides, subject: { definition, overrides: [...overrides] } }
  }
  if (isFileWord(word)) return fromFile()
  const known = await definitionOf(context, word)
  if (known === null && isThere(word)) return fromFile()
  const { file, text, name } =
    known ?? (await onGuest(context, word, () => context.client.call('definition', { params: { guest: word } })))
  return { file, text, overrides, subject: { name, overrides: [...overrides] } }
}

async function dumpPlan(context: Context, { subject }: Dumped): Promise<void> {
  const { mode, evidence, libxl } = await context.client.call('plan', { body: subject })
  context.note(`mode ${mode}: ${escapeControl(evidence.join('; '))}`)
  context.out.print(JSON.stringify(libxl, null, 2))
}

async function specOf({ file, text, overrides }: Dumped): Promise<GuestSpec> {
  const { loadGuest } = await import('../../config/load.ts')
  return loadGuest(text, { file, overrides }).spec
}

async function asConfig(dumped: Dumped): Promise<string> {
  const { writeGuest } = await import('../../config/write.ts')
  return writeGuest(await specOf(dumped)).replace(/\n$/, '')
}
