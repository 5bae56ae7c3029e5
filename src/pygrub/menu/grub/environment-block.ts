import { type Refusal, refuse } from '../../disk-fault.ts'

/** First line of every block (GNU GRUB Manual, "The GRUB environment block"). */
const SIGNATURE = '# GRUB Environment Block\n'

/** The variables of a grubenv file: lines `name=value` in which a backslash escapes the next character, then `#` up to the end. */
export function parseEnvironmentBlock(text: string): ReadonlyMap<string, string> | Refusal {
  if (!text.startsWith(SIGNATURE)) return refuse('no GRUB environment block')
  const variables = new Map<string, string>()
  const unescaped = /((?:\\[\s\S]|[^\\\n])*)\n/y
  unescaped.lastIndex = SIGNATURE.length
  for (let match = unescaped.exec(text); match !== null; match = unescaped.exec(text)) {
    const line = (match[1] ?? '').replace(/\\([\s\S])/g, '$1')
    const equals = line.indexOf('=')
    if (!line.startsWith('#') && equals > 0) variables.set(line.slice(0, equals), line.slice(equals + 1))
  }
  return variables
}
