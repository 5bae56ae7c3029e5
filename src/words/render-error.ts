import type { TetrarchError } from './errors.ts'
import { escapeControl } from './escape-control.ts'

/** How wide the names of an error's parts are, so that the texts line up. */
const NAME_WIDTH = 6

/** The error as a person reads it: what and where, then why, what to do, and what shows it. */
export function renderError({ parts, message }: TetrarchError): string {
  const lines: [name: string, text: string | undefined][] = [
    ['step', parts.stage],
    ['cause', parts.why],
    ['fix', parts.fix],
    ...(parts.evidence ?? []).map((line, index): [string, string] => [index === 0 ? 'seen' : '', line]),
  ]
  const told = lines.filter((line): line is [string, string] => line[1] !== undefined)
  return [
    `error: ${escapeControl(message)}`,
    ...told.map(([name, text]) => `  ${name.padEnd(NAME_WIDTH)} ${escapeControl(text)}`),
  ].join('\n')
}
