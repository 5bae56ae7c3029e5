/**
 * Who asks again and again sends the tag of what it has, and gets 304 without a body while nothing has changed (RFC 9110, 13.1.2).
 * The tag is weak: CPU time grows all the while a guest runs, and its growth alone is no news.
 */
import { createHash } from 'node:crypto'

/** In a JSON text; inside of a string its quotes would be escaped. */
const ALWAYS_NEW = /"cpuTimeSeconds":[^,}]*/g

/** The tag of a JSON text. */
export const entityTag = (text: string): string =>
  `W/"${createHash('sha1').update(text.replaceAll(ALWAYS_NEW, '')).digest('base64url')}"`

/** Whether an If-None-Match names this tag. */
export const isAmong = (tag: string, ifNoneMatch: string | undefined): boolean =>
  ifNoneMatch?.split(',').some((one) => one.trim() === tag || one.trim() === '*') === true
