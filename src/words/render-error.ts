import type { TetrarchError } from './errors.ts'

/** How wide the names of an error's parts are, so that the texts line up. */
const NAME_WIDTH = 6

/** C0 and C1 control characters: evidence comes from guests and their logs. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g

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
    `error: ${clean(message)}`,
    ...told.map(([name, text]) => `  ${name.padEnd(NAME_WIDTH)} ${clean(text)}`),
  ].join('\n')
}

const clean = (text: string): string =>
  text.replace(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
