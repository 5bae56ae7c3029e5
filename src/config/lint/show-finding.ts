import type { Finding } from './finding.ts'

/** A longer line is shown around its place; nobody reads a whole one. */
const MAX_LINE = 100

/** A finding for people, in lines: its place, the line of the text that it is about, and a caret under the column. */
export function showFinding({ severity, where, message, fix }: Finding, text: string): readonly string[] {
  const line = (text.split('\n')[where.line - 1] ?? '').replace(/\r$/, '').replaceAll(/[^\t -~\u00a0-\uffff]/g, '?')
  const start = where.column > MAX_LINE ? where.column - MAX_LINE / 2 : 0
  const shown = line.slice(start, start + MAX_LINE)
  const margin = shown.slice(0, where.column - 1 - start).replaceAll(/[^\t]/g, ' ')
  return [
    `${where.file}:${where.line}:${where.column}: ${severity}: ${message}`,
    `  ${shown}`,
    `  ${margin}^${fix === undefined ? '' : ` ${fix}`}`,
  ]
}
