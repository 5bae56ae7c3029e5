const MAX_LENGTH = 1000

/** A text of the guest as one printable line, shortened, for notes and titles. */
export function plainLine(text: string): string {
  const line = text.replace(/\p{Cc}+/gu, ' ')
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line
}
