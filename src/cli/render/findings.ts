import type { Finding } from '../../api/definition.ts'
import { showFinding } from '../../config/lint/show-finding.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Terminal } from './terminal.ts'

const paints = { error: 'bad', warning: 'warning' } as const

/** Each finding with its line and a caret. `text` is the definition's own. */
export function findingLines(findings: readonly Finding[], text: string, terminal: Terminal): readonly string[] {
  return findings.flatMap((finding) => {
    const [head = '', line = '', caret = ''] = showFinding({ ...finding, key: undefined, fix: finding.fix }, text)
    const word = `: ${finding.severity}: `
    const colored = escapeControl(head).replace(
      word,
      `: ${terminal.color(paints[finding.severity], finding.severity)}: `,
    )
    // What stands on a command line has no line in the file.
    return finding.where.file === OVERRIDES ? [colored] : [colored, line, terminal.color('good', caret)]
  })
}

/** As src/config/load.ts calls the settings that were given beside a file. */
const OVERRIDES = 'command line'

/** `2 errors and 1 warning`. */
export function countText(findings: readonly Finding[]): string {
  const count = (severity: Finding['severity']) => {
    const number = findings.filter((finding) => finding.severity === severity).length
    return number === 0 ? [] : [`${number} ${severity}${number === 1 ? '' : 's'}`]
  }
  return [...count('error'), ...count('warning')].join(' and ')
}
