/** Guests' words made fit for terminals, tables and errors, where a control character could lie or do harm. */
import { stripVTControlCharacters } from 'node:util'

/** Control, format, private and unassigned code points, lone surrogates and line separators. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu

/** Every unprintable character as `\n`, `\t`, `\x1b` or `\u{202e}`, so that the text stays on its line and means what it shows. */
export function escapeControl(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (character === '\n') return String.raw`\n`
    if (character === '\t') return String.raw`\t`
    if (character === '\r') return String.raw`\r`
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/** Output for a terminal as plain lines: colours and cursor movements taken out, what remains escaped, tabs as blanks. */
export function plainLines(output: string): string[] {
  const lines = stripVTControlCharacters(output).split(/\r*\n/)
  return lines.map((line) => escapeControl(line.replaceAll('\t', '    ').replace(/\r+$/, '')))
}
