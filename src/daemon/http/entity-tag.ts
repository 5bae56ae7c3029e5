/**
 * Who asks again and again sends the tag of what it has, and gets 304 without a body while nothing has changed (RFC 9110, 13.1.2).
 * The tag is weak: CPU time grows all the while a guest runs, and its growth alone is no news.
 */
import { createHash } from 'node:crypto'

const alwaysNew = new Set(['cpuTimeSeconds'])

export function entityTag(value: unknown): string {
  const lasting = JSON.stringify(value, (key, part: unknown) => (alwaysNew.has(key) ? undefined : part))
  return `W/"${createHash('sha1').update(lasting).digest('base64url')}"`
}

/** Whether an If-None-Match names this tag. */
export const isAmong = (tag: string, ifNoneMatch: string | undefined): boolean =>
  ifNoneMatch?.split(',').some((one) => one.trim() === tag || one.trim() === '*') === true
