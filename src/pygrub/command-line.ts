import { type Refusal, refuse } from './disk-fault.ts'

/** Linux takes 2048 characters on x86 (COMMAND_LINE_SIZE), others more; libxl takes less than 8192. */
const MAX_CMDLINE = 4096

/** The command line that a kernel is given, made of its parts: one line of printable text, or why it cannot be. */
export function commandLine(...parts: readonly string[]): string | Refusal {
  const words = parts.map((part) => part.replace(/[\t\r\n]+/g, ' ').trim()).filter((part) => part !== '')
  const line = words.join(' ')
  if (/\p{Cc}/u.test(line)) return refuse('its command line has a control character')
  return line.length > MAX_CMDLINE ? refuse(`its command line is longer than ${MAX_CMDLINE} characters`) : line
}
