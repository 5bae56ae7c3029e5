import { fail } from '../words/errors.ts'

/** The value of an option that takes a count, null when it was not given. Throws `usage`. */
export function countIn(text: string | null, option: string): number | null {
  if (text === null) return null
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw fail('usage', { what: `${option} takes a whole number, not "${text}"`, fix: 'give a number from 0 on' })
}
