/** What a setting of the daemon can be: a value with its default and the sentence that explains it. */
import { z } from 'zod'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const MEBIBYTE = 1024 * 1024

export const path = (value: string, what: string) =>
  z.string().regex(/^\//, 'expected an absolute path').max(1024).default(value).describe(what)
export const milliseconds = (value: number, what: string) =>
  z
    .int()
    .min(1)
    .max(24 * 60 * MINUTE)
    .default(value)
    .describe(`${what} In milliseconds.`)
export const bytes = (value: number, what: string) =>
  z.int().min(1).max(Number.MAX_SAFE_INTEGER).default(value).describe(`${what} In bytes.`)
export const count = (value: number, what: string, min = 1) =>
  z.int().min(min).max(1_000_000).default(value).describe(what)
export const table = <T extends z.ZodRawShape>(shape: T, what: string) =>
  z
    .strictObject(shape)
    .readonly()
    .prefault({} as never)
    .describe(what)
