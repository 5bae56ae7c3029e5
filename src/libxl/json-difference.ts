/**
 * Did libxl take a JSON document as it was meant? Its reader silently ignores unknown keys and values of a wrong type, and its
 * writer omits defaults, so the document is sent through both and compared; for a key that does not come back, another value is
 * sent to learn whether libxl knows the key at all. Pure: the way through libxl is a parameter.
 */
import type { JsonObject, JsonValue } from './requests.ts'

export interface Difference {
  /** Where: `b_info["type.pvh"].pvshim`, `disks[0].vdev`. */
  readonly path: string
  readonly why: string
}

type Path = readonly (string | number)[]
/** A document through libxl's reader and writer; null when the reader refuses it. */
export type RoundTrip = (document: JsonObject) => JsonObject | null

/** What must not reach libxl at all, because it would misread it or abort the process. */
export function findHazard(document: JsonObject): Difference | null {
  return hazardIn(document, [])
}

function hazardIn(value: JsonValue, path: Path): Difference | null {
  if (value === null) return { path: render(path), why: 'null means nothing to libxl: leave the key out' }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    return { path: render(path), why: `${value} is no integer that JSON carries exactly` }
  }
  if (isObject(value)) {
    const twice = unionWithTwoKeys(value)
    if (twice !== null) return { path: render(path), why: `${twice.join(' and ')} are one union: libxl aborts on two` }
  }
  return firstOf(children(value), ([key, child]) => hazardIn(child, [...path, key]))
}

/** `type.pvh` and `type.hvm` select members of the same union (libxl_types.idl, KeyedUnion). */
function unionWithTwoKeys(value: JsonObject): readonly string[] | null {
  const members = Object.keys(value).filter((key) => key.includes('.'))
  const union = (key: string): string => key.slice(0, key.indexOf('.'))
  const second = members.find((key, index) => members.findIndex((other) => union(other) === union(key)) < index)
  return second === undefined ? null : members.filter((key) => union(key) === union(second))
}

/**
 * The first place where libxl understood something else than was sent, or null.
 * @param known Keys, each with its JSON type, that libxl was seen to read; more are added. What it reads once it always reads.
 */
export function findDifference(
  sent: JsonObject,
  returned: JsonObject,
  roundTrip: RoundTrip,
  known: Set<string> = new Set(),
): Difference | null {
  const omission = { sent, roundTrip, known }
  const compare = (value: JsonValue, back: JsonValue | undefined, path: Path): Difference | null => {
    if (back === undefined) return explainOmission(value, path, omission)
    if (isArray(value) && isArray(back) && value.length !== back.length) {
      return {
        path: render(path),
        why: `libxl read ${back.length} elements of ${value.length}: ${JSON.stringify(back)}`,
      }
    }
    if (isObject(value) ? isObject(back) : isArray(value) && isArray(back)) {
      return firstOf(children(value), ([key, child]) => compare(child, childOf(back, key), [...path, key]))
    }
    if (value === back) return null
    return { path: render(path), why: `${JSON.stringify(value)} was read as ${JSON.stringify(back)}` }
  }
  return compare(sent, returned, [])
}

interface Omission {
  readonly sent: JsonObject
  readonly roundTrip: RoundTrip
  readonly known: Set<string>
}

/** Null when libxl omits the value because it is the default. */
function explainOmission(value: JsonValue, path: Path, omission: Omission): Difference | null {
  const { sent, roundTrip, known } = omission
  if (isObject(value) && Object.keys(value).length > 0) {
    return firstOf(children(value), ([key, child]) => explainOmission(child, [...path, key], omission))
  }
  const name = `${render(path)} ${isArray(value) ? 'array' : typeof value}`
  const isKnown =
    known.has(name) ||
    alternatives(value).some((other) => {
      const back = roundTrip(replaceAt(sent, path, other) as JsonObject)
      return back === null || sameScalarOrArray(valueAt(back, path), other)
    })
  if (isKnown) known.add(name)
  return isKnown
    ? null
    : { path: render(path), why: `libxl ignores ${JSON.stringify(value)}: unknown key or wrong type` }
}

/**
 * Other values of the same JSON type, one of which comes back, or is refused, if libxl reads the key with this type. None for
 * values that are never a default. `True` is a defbool's; the other text is no member of any enumeration.
 */
function alternatives(value: JsonValue): readonly JsonValue[] {
  if (value === false) return [true]
  if (typeof value === 'number') return [value + 1]
  if (typeof value === 'string') return ['True', 'no such value']
  if (isArray(value) && value.length === 0) return [[{}], [0], ['x']]
  return []
}

const sameScalarOrArray = (back: JsonValue | undefined, other: JsonValue): boolean =>
  isArray(other) ? isArray(back) && back.length === other.length : back === other

const isArray = (value: JsonValue | undefined): value is readonly JsonValue[] => Array.isArray(value)
const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !isArray(value)

function children(value: JsonValue): readonly (readonly [string | number, JsonValue])[] {
  if (isArray(value)) return value.map((child, index) => [index, child] as const)
  return isObject(value) ? Object.entries(value) : []
}

function childOf(value: JsonValue | undefined, key: string | number): JsonValue | undefined {
  if (isArray(value)) return typeof key === 'number' ? value[key] : undefined
  return isObject(value) ? value[key] : undefined
}

const valueAt = (value: JsonValue | undefined, path: Path): JsonValue | undefined =>
  path.reduce<JsonValue | undefined>((inner, key) => childOf(inner, key), value)

function replaceAt(value: JsonValue, [key, ...rest]: Path, replacement: JsonValue): JsonValue {
  if (key === undefined) return replacement
  const child = replaceAt(childOf(value, key) ?? {}, rest, replacement)
  return isArray(value) ? value.with(Number(key), child) : { ...(value as JsonObject), [key]: child }
}

function firstOf<T>(items: readonly T[], look: (item: T) => Difference | null): Difference | null {
  for (const item of items) {
    const found = look(item)
    if (found !== null) return found
  }
  return null
}

function render(path: Path): string {
  const step = (key: string | number, index: number): string => {
    if (typeof key === 'number') return `[${key}]`
    if (!/^[A-Za-z_]\w*$/.test(key)) return `[${JSON.stringify(key)}]`
    return index === 0 ? key : `.${key}`
  }
  return path.length === 0 ? 'the document' : path.map(step).join('')
}
