/** The kinds of values that a guest's specification is made of. */
import { z } from 'zod'

export const text = z.string().min(1).max(4096)
export const flag = z.boolean().optional()
export const list = <T extends z.ZodType>(item: T) => z.array(item).max(1024).readonly()
const MAX_MEMORY_MIB = 2 ** 34
export const mebibytes = z.int().min(0).max(MAX_MEMORY_MIB)
export const uint32 = z.int().min(0).max(0xffffffff)
export const int32 = z.int().min(0).max(0x7fffffff)
