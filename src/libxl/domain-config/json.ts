import type { JsonObject, JsonValue } from '../requests.ts'

/** The object without the fields that the definition left out. */
export function withoutUndefined(fields: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined),
  )
}

/** libxl_defbool in JSON is a string; a JSON true or false is silently ignored by libxl. */
export function defbool(value: boolean | undefined): 'True' | 'False' | undefined {
  if (value === undefined) return undefined
  return value ? 'True' : 'False'
}

/** libxl_bitmap in JSON: the numbers of the set bits, ascending since libxl sizes it from the last. */
export const firstBits = (count: number): readonly number[] => Array.from({ length: count }, (_, bit) => bit)

export const kibibytes = (mebibytes: number | undefined): number | undefined =>
  mebibytes === undefined ? undefined : mebibytes * 1024

export const unlessEmpty = <T>(list: readonly T[] | undefined): readonly T[] | undefined =>
  list === undefined || list.length === 0 ? undefined : list
