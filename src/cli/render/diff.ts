import { diff } from 'node:util'
import { escapeControl } from '../../words/escape-control.ts'
import type { Terminal } from './terminal.ts'

/** Lines around a change that are shown with it. */
const AROUND = 3

/** What differs between two texts, line by line, as diff -u shows it. Empty for equal texts. */
export function diffLines(before: string, after: string, terminal: Terminal): readonly string[] {
  // 1 stands only in the first text, -1 only in the second.
  const lines = diff(before.split('\n'), after.split('\n')).map(([where, line]) => ({ where, line }))
  const isNear = (index: number): boolean =>
    lines.slice(Math.max(0, index - AROUND), index + AROUND + 1).some(({ where }) => where !== 0)
  return lines.flatMap(({ where, line }, index) => {
    if (!isNear(index)) return index > 0 && isNear(index - 1) ? [terminal.color('quiet', '…')] : []
    const shown = escapeControl(line.replaceAll('\t', '    '))
    if (where === 0) return [`  ${shown}`]
    return [where === 1 ? terminal.color('bad', `- ${shown}`) : terminal.color('good', `+ ${shown}`)]
  })
}
