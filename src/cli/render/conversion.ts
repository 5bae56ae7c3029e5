import type { ConversionPlan } from '../../api/conversion.ts'
import { escapeControl } from '../../words/escape-control.ts'
import { changeText } from './guest-words.ts'
import type { Paint, Terminal } from './terminal.ts'
import { labelled } from '../../words/wrap.ts'

const LABEL = 8
const marks = { met: 'ok', look: 'look', cannot: 'cannot', but: 'note' } as const
const paints = { met: 'good', look: 'warning', cannot: 'bad', but: 'warning' } as const satisfies Record<string, Paint>

/** What a conversion would change, for people. */
export function conversionLines(plan: ConversionPlan, { color, proseWidth: width }: Terminal): readonly string[] {
  const heading = (text: string) => ['', color('heading', text)]
  const part = (label: string, text: string) =>
    labelled(label, escapeControl(text), { indent: 2, labelWidth: LABEL, width }).split('\n')
  const point = (weight: keyof typeof marks, text: string, fix: string | null) => {
    const [first = '', ...rest] = part(marks[weight], text)
    const mark = marks[weight]
    return [
      first.replace(mark, () => color(paints[weight], mark)),
      ...rest,
      ...(fix === null ? [] : part('', `fix: ${fix}`)),
    ]
  }
  const changed = <T>(before: T, after: T, text: (value: T) => string): string =>
    text(before) === text(after) ? `${text(after)}, as before` : `${text(before)} → ${text(after)}`
  return [
    `${escapeControl(plan.guest)}: ${plan.from} → ${plan.to}${plan.possible ? '' : ', which cannot work as it is'}`,
    ...heading('Its definition'),
    ...plan.changes.map((change) => `  ${changeText(change)}`),
    ...heading('What changes around it'),
    ...part(
      'starts',
      changed(plan.boot.before, plan.boot.after, (text) => text),
    ),
    ...part(
      'QEMU',
      changed(plan.deviceModel.before, plan.deviceModel.after, (has) => (has ? 'one' : 'none')),
    ),
    ...heading('What changes inside'),
    ...plan.names.flatMap(({ kind, before, after }) =>
      part(
        kind,
        changed(before, after, (name) => name),
      ),
    ),
    ...part(
      'console',
      changed(plan.console.before, plan.console.after, (names) => names.join(', ') || 'none'),
    ),
    ...(plan.commandLine === null ? [] : part('words', `${plan.commandLine} (its kernel, in its own boot menu)`)),
    ...heading(`What its system must have${plan.system === null ? '' : ` (${escapeControl(plan.system)})`}`),
    ...plan.needs.flatMap(({ weight, what, seen, fix }) => point(weight, `${what}: ${seen}`, fix)),
    ...plan.reasons.flatMap(({ weight, seenIn, why, fix }) =>
      point(weight, seenIn === null ? why : `${seenIn}: ${why}`, fix),
    ),
  ]
}
