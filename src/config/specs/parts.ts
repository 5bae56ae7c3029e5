/** The comma-separated KEY=VALUE lists that most devices are written in. */

/** The parts of a specification as xl's strtok gives them: empty ones vanish, leading blanks too. */
export const partsOf = (spec: string): readonly string[] =>
  spec
    .split(',')
    .filter((part) => part !== '')
    .map((part) => part.replace(/^ +/, ''))

/** KEY and VALUE of a part, or undefined if it has no "=". */
export function pairOf(part: string): readonly [key: string, value: string] | undefined {
  const equals = part.indexOf('=')
  return equals < 0 ? undefined : [part.slice(0, equals), part.slice(equals + 1)]
}

/** Parts joined again; those that are undefined are left out. */
export const joined = (parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined).join(',')

/** `key=value`, or undefined for a value that is not there. */
export const pair = (key: string, value: string | number | undefined): string | undefined =>
  value === undefined ? undefined : `${key}=${value}`
