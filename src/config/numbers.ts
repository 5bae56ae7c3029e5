/** Numbers as C reads them (strtol), for xl.cfg is read by C. */

const LONG = /^[\t\n\v\f\r ]*([+-]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))$/

/** A whole text as strtol(text, 0) reads it: 0x is hexadecimal, a leading 0 octal. Undefined where that leaves a rest. */
export function longOf(text: string): number | undefined {
  const match = LONG.exec(text)
  if (match === null) return undefined
  const [, sign, hex, octal, decimal] = match
  const digits = hex ?? octal ?? decimal ?? ''
  const value = parseInt(digits, hex !== undefined ? 16 : octal !== undefined ? 8 : 10)
  return value === 0 ? 0 : sign === '-' ? -value : value
}

/** The number at the start of a text as strtol(text, base) or atoi reads it, and what follows. 0 where there is none. */
export function leadingLong(text: string, base: 10 | 16 = 10): { readonly value: number; readonly rest: string } {
  const pattern = base === 16 ? /^\s*([+-]?)(?:0[xX](?=[0-9a-fA-F]))?([0-9a-fA-F]+)/ : /^\s*([+-]?)([0-9]+)/
  const match = pattern.exec(text)
  if (match === null) return { value: 0, rest: text }
  const value = parseInt(match[2] ?? '0', base)
  return { value: match[1] === '-' ? -value : value, rest: text.slice(match[0].length) }
}
