import type { Explanation } from '../../api/explanation.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { onGuest } from '../did-you-mean.ts'
import { isFileWord, readDefinitionFile } from '../definition-file.ts'
import { cpuTime, driverText } from '../render/guest-words.ts'
import type { Paint } from '../render/terminal.ts'
import { labelled, wrap } from '../../words/wrap.ts'

export const command: Command = {
  usage: '<guest-or-file>',
  options: [],
  details: [
    'Shows the mode that the next start would choose and what decided it; for every mode whether this guest can run in it, and what to change if not; and what would be started. Nothing is built.',
    'A word with a "/" or that ends in .cfg is a file.',
  ],
  examples: ['tetrarch explain web', 'tetrarch explain ./web.cfg', 'tetrarch explain web --json'],
  run: async (context, { args: [word = ''] }) => {
    const { client } = context
    const explanation = isFileWord(word)
      ? await client.call('explainDefinition', { body: { definition: readDefinitionFile(word) } })
      : await onGuest(context, word, () => client.call('explain', { params: { guest: word } }))
    context.show(explanation, () => lines(explanation, context))
  },
}

function lines(explanation: Explanation, { out }: Context): readonly string[] {
  const { proseWidth: width, color } = out
  const heading = (text: string) => ['', color('heading', text)]
  const part = (label: string, text: string) =>
    labelled(label, escapeControl(text), { indent: 2, labelWidth: LABEL, width }).split('\n')
  const { choice, start, running } = explanation
  const points = [...explanation.pros.map((text) => ['+', text]), ...explanation.cons.map((text) => ['-', text])]
  return [
    ...wrap(headline(explanation), width),
    ...heading('Why'),
    ...choice.steps.flatMap((step, index) => stepLines(step, index + 1, width)),
    ...heading('Every mode'),
    ...explanation.verdicts.flatMap((verdict) => verdictLines(verdict, explanation, width, color)),
    ...heading(choice.possible ? 'What is started' : 'What would be started'),
    ...startFacts(start).flatMap(([label, text]) => part(label, text)),
    ...start.problems.flatMap(({ what, where, fix }) =>
      part(
        'problem',
        [where === undefined ? what : `${where}: ${what}`, ...(fix === undefined ? [] : [fix])].join('; '),
      ),
    ),
    ...(running === null
      ? []
      : [...heading('What runs now'), ...runFacts(running).flatMap(([label, text]) => part(label, text))]),
    ...heading(`For and against ${choice.mode}`),
    ...points.flatMap(([sign = '', text = '']) =>
      labelled(sign, text, { indent: 2, labelWidth: 1, width }).split('\n'),
    ),
  ]
}

const LABEL = 12

function headline({ guest, configured, choice }: Explanation): string {
  const asked =
    configured === choice.mode ? `its definition names the mode` : `mode="${configured}", chosen anew at each start`
  const name = escapeControl(guest)
  return choice.possible
    ? `${name} starts as ${choice.mode} (${asked})`
    : `${name} cannot start as ${choice.mode} (${asked})`
}

function stepLines(
  { question, answer, leadsTo }: Explanation['choice']['steps'][number],
  number: number,
  width: number,
): string[] {
  const options = { indent: 2, labelWidth: 1, width }
  return labelled(
    String(number),
    `${question} ${escapeControl(answer)}${leadsTo === null ? '' : ` → ${leadsTo}`}`,
    options,
  ).split('\n')
}

const verdictWords = { fits: 'fits', 'works-but': 'works, but', cannot: 'cannot' } as const
const paints = { fits: 'good', 'works-but': 'warning', cannot: 'bad' } as const satisfies Record<string, Paint>

function verdictLines(
  { mode, verdict, reasons }: Explanation['verdicts'][number],
  { choice }: Explanation,
  width: number,
  color: Context['out']['color'],
): string[] {
  const mark = mode === choice.mode ? '*' : ' '
  const margin = ' '.repeat(LABEL + 4)
  const told = reasons.filter(({ weight }) => verdict !== 'cannot' || weight === 'cannot')
  const word = color(paints[verdict], verdictWords[verdict])
  return [
    `${mark} ${mode.padEnd(LABEL)}  ${word}${verdict === 'cannot' ? ', because' : ''}`,
    ...told.flatMap(({ seenIn, why, fix }) => [
      ...wrap(escapeControl(seenIn === null ? why : `${seenIn}: ${why}`), width - margin.length).map(
        (line) => margin + line,
      ),
      ...(fix === null ? [] : labelled('fix', fix, { indent: margin.length, labelWidth: 3, width }).split('\n')),
    ]),
  ]
}

function startFacts({ booted, command, firmware, deviceModel }: Explanation['start']): (readonly [string, string])[] {
  const facts: (readonly [string, string | null])[] = [
    ['firmware', firmware],
    [booted.how === 'boot-loader' ? 'boot loader' : booted.how === 'firmware' ? 'boots' : booted.how, booted.what],
    ['kernel', booted.kernelVersion],
    ['arguments', command === '' ? null : command],
    ['QEMU', qemuText(deviceModel)],
  ]
  return facts.flatMap(([label, text]) => (text === null ? [] : [[label, text] as const]))
}

const policies = { allow: '', warn: ' (allowed with a warning)', refuse: ' (refused by device_model_policy)' } as const

const qemuText = ({ needed, reasons, policy, avoidable }: Explanation['start']['deviceModel']): string =>
  needed ? `one: ${reasons.join('; ')}${avoidable ? policies[policy] : ''}` : 'none'

function runFacts({
  mode,
  evidence,
  devices,
  deviceModel,
}: NonNullable<Explanation['running']>): (readonly [string, string])[] {
  return [
    ['observed', mode ?? 'unknown'],
    ...evidence.map((sentence, index) => [index === 0 ? 'evidence' : '', sentence] as const),
    ...devices.map((device) => [device.kind, `${device.name}: ${driverText(device)}`] as const),
    ['QEMU', deviceModel === null ? 'none' : costText(deviceModel)],
  ]
}

function costText({
  pid,
  memoryMiB,
  cpuSeconds,
}: NonNullable<NonNullable<Explanation['running']>['deviceModel']>): string {
  if (memoryMiB === null || cpuSeconds === null) return `process ${pid}, which has gone`
  return `process ${pid}, ${memoryMiB.toFixed(1)} MiB of memory (its share, PSS), ${cpuTime(cpuSeconds)} of CPU time`
}
