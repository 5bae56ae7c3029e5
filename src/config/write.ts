/**
 * A GuestSpec as xl.cfg text that loads as the same GuestSpec, and that xl reads too. Driven by the key table, in its
 * order; what has its default is not written.
 */
import { GuestSpec } from './guest-spec.ts'
import { keySections } from './keys/table.ts'
import type { KeyRow, Written } from './keys/row.ts'
import { keysOfMode } from './mode-key.ts'

const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
}

const quoted = (text: string): string =>
  `"${text.replaceAll(/[\\"\n\r\t\x07\b\f\v]/g, (char) => NAMED_ESCAPES[char] ?? char)}"`

export function literal(value: Written): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return quoted(value)
  if (value.length === 0) return '[ ]'
  return `[ ${value.map(literal).join(', ')} ]`
}

/** Lists of devices, one to a line. */
function setting(name: string, value: Written): string {
  const one = `${name} = ${literal(value)}`
  if (typeof value !== 'object' || value.length < 2) return one
  return `${name} = [\n${value.map((item) => `  ${literal(item)},\n`).join('')}]`
}

/** What the keys that combine.ts folds together must say, for a specification. */
function looseFields(spec: GuestSpec): Readonly<Record<string, unknown>> {
  const { mode, type, xenPlatformPci, pvshim } = keysOfMode[spec.mode]
  return {
    '@mode': mode,
    '@type': type,
    '@xenPlatformPci': xenPlatformPci,
    '@pvshim': pvshim,
    '@cmdline': spec.cmdline,
    '@firmware': spec.firmware,
    '@firmwareOverride': spec.firmwarePath,
    '@vga': spec.vga,
  }
}

type Fields = Readonly<Record<string, unknown>>

function fieldOf(spec: GuestSpec, loose: Fields, { target }: KeyRow): unknown {
  if (target.startsWith('@')) return loose[target]
  const [field = '', inner] = target.split('.')
  const value = (spec as unknown as Fields)[field]
  return inner === undefined ? value : (value as Fields | undefined)?.[inner]
}

/** The name has no default, and a definition that does not give the memory may mean another one than the schema's. */
const defaults: Fields = { ...GuestSpec.parse({ name: 'x' }), name: undefined, memoryMiB: undefined }
const isDefault = (target: string, value: unknown) =>
  value === defaults[target] || (Array.isArray(value) && value.length === 0 && Array.isArray(defaults[target]))

/** What each key must say for a specification, in the order of the table; what has its default is left out. */
export function writtenKeys(spec: GuestSpec): ReadonlyMap<string, Written> {
  const loose = looseFields(spec)
  const rows = keySections.flatMap((section) => section.rows)
  return new Map(
    rows.flatMap((row) => {
      const value = fieldOf(spec, loose, row)
      return value === undefined || isDefault(row.target, value) ? [] : [[row.name, row.codec.write(value)] as const]
    }),
  )
}

export function writeGuest(spec: GuestSpec): string {
  const written = writtenKeys(spec)
  const paragraphs = keySections.map(({ rows }) =>
    rows.flatMap(({ name }) => {
      const value = written.get(name)
      return value === undefined ? [] : [setting(name, value)]
    }),
  )
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${line}\n`).join(''))
    .join('\n')
}
