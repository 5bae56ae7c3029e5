import type { ErrorCode, TetrarchError } from '../../words/errors.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Terminal } from './terminal.ts'
import { labelled } from '../../words/wrap.ts'

/** Lines of a log that an error shows, the last ones; all of them are in the task's log. */
const MAX_EVIDENCE = 12
/** Errors whose evidence is the report of a search, which is read from its start. */
const REPORTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['boot-not-found', 'file-missing'])
const MAX_REPORT = 100

/** What failed and where, then its stage, cause, fix and what was seen; lines without content are left out. */
export function errorLines({ code, parts }: TetrarchError, terminal: Terminal): readonly string[] {
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
    ...(REPORTS.has(code) ? evidence.slice(0, MAX_REPORT) : evidence.slice(-MAX_EVIDENCE)).map(
      (line, index) => `  ${index === 0 ? 'seen ' : '     '}  ${escapeControl(line)}`,
    ),
  ]
}
