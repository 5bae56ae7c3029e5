import type { TetrarchError } from '../../words/errors.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Terminal } from './terminal.ts'
import { labelled } from './wrap.ts'

/** Evidence lines that an error shows; all of them are in the task's log. */
const MAX_EVIDENCE = 12

/** What failed and where, then its stage, cause, fix and what was seen; lines without content are left out. */
export function errorLines({ parts }: TetrarchError, terminal: Terminal): readonly string[] {
  const { what, where, why, fix, stage, evidence = [] } = parts
  const { width } = terminal
  const part = (label: string, text: string | undefined) =>
    text === undefined ? [] : [labelled(label, escapeControl(text), { indent: 2, labelWidth: 5, width })]
  const headline = where === undefined ? what : `${where}: ${what}`
  return [
    `${terminal.color('bad', 'error:')} ${escapeControl(headline)}`,
    ...part('step', stage),
    ...part('cause', why),
    ...part('fix', fix),
    ...evidence
      .slice(-MAX_EVIDENCE)
      .map((line, index) => `  ${index === 0 ? 'seen ' : '     '}  ${escapeControl(line)}`),
  ]
}
