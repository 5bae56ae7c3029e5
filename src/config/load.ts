/**
 * A guest definition in xl.cfg syntax to a GuestSpec. What xl accepts loads with the same meaning; what xl swallows
 * loads with a warning that has a place; what xl refuses is refused. Nothing is dropped without a word.
 * Pure: no file is opened, so whether a kernel or a bridge exists is not known here.
 */
import { fail, type TetrarchError } from '../words/errors.ts'
import { combinations, type Loose } from './combine.ts'
import { GuestSpec } from './guest-spec.ts'
import { keyTable } from './keys/table.ts'
import type { KeyRow, Report } from './keys/row.ts'
import { mergeSettings, type PlacedSetting } from './merge.ts'
import { parseConfig, parseLimits, type ParseLimits } from './parse.ts'
import { didYouMean } from './similar.ts'
import { atText, type Mistake, type Position, type Warning, type Where } from './source.ts'

export interface LoadOptions {
  /** Name of the file, for messages. */
  readonly file: string
  /** Settings that count after the file's, as `xl create FILE key=value` has them. */
  readonly overrides?: readonly string[]
  readonly limits?: ParseLimits
}

export interface Examined {
  /** Missing if there are mistakes. */
  readonly spec: GuestSpec | undefined
  readonly warnings: readonly Warning[]
  readonly mistakes: readonly Mistake[]
  /** The keys that the definition gives, each with its place. */
  readonly keys: ReadonlyMap<string, Where>
  /** Where a field of the specification comes from: `memoryMiB`, `disks.1`. */
  readonly places: ReadonlyMap<string, Where>
}

export interface Loaded {
  readonly spec: GuestSpec
  readonly warnings: readonly Warning[]
}

const OVERRIDES = 'command line'

class Loading {
  readonly warnings: Warning[] = []
  readonly mistakes: Mistake[] = []
  readonly places = new Map<string, Where>()
  readonly keys = new Map<string, Where>()
  readonly #fields: Record<string, unknown> = {}
  readonly #loose = new Map<string, unknown>()
  readonly #keyOfTarget = new Map<string, string>()
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  read({ key, value, operator, at, file }: PlacedSetting) {
    this.keys.set(key, { file, ...at })
    const row = keyTable.get(key)
    if (row === undefined) {
      this.#unknown(key, { file, ...at })
      return
    }
    const where = { file, ...value.at }
    this.places.set(row.target, where)
    this.#keyOfTarget.set(row.target, key)
    if (row.support === 'unsupported') this.#unsupported(row, { file, ...at })
    else if (row.support === 'ignored')
      this.warnings.push({ where: { file, ...at }, key, message: `ignored: ${row.says}` })
    else this.#put(row.target, row.codec.read(value, this.#report(key, file), operator))
  }

  #report(key: string, file: string): Report {
    return {
      warn: (at: Position, message: string, fix?: string) =>
        void this.warnings.push({ where: { file, ...at }, key, message, fix }),
      refuse: (at: Position, message: string, fix?: string) =>
        void this.mistakes.push({ kind: 'invalid', where: { file, ...at }, key, message, fix }),
      place: (path, at) => void this.places.set(path.join('.'), { file, ...at }),
    }
  }

  #unknown(key: string, where: Where) {
    const guess = didYouMean(key, keyTable.keys())
    const fix = guess === undefined ? 'remove it' : `did you mean "${guess}"?`
    this.warnings.push({ where, key, message: `unknown key "${key}", which xl would ignore without a word`, fix })
  }

  #unsupported({ name, says, instead }: KeyRow, where: Where) {
    this.mistakes.push({
      kind: 'invalid',
      where,
      key: name,
      message: `"${name}" is known, not supported: ${says}`,
      fix: instead,
    })
  }

  #put(target: string, value: unknown) {
    if (value !== undefined) this.#set(target, value)
  }

  #set(target: string, value: unknown) {
    if (target.startsWith('@')) {
      this.#loose.set(target, value)
      return
    }
    const [field = target, inner] = target.split('.')
    if (inner === undefined) this.#fields[field] = value
    else this.#fields[field] = { ...(this.#fields[field] as object | undefined), [inner]: value }
  }

  #whereIs(target: string): Where {
    return this.places.get(target) ?? { file: this.#file, line: 1, column: 1 }
  }

  combine() {
    const loose: Loose = {
      get: (target) => (target.startsWith('@') ? this.#loose.get(target) : this.#fields[target]),
      set: (target, value, from) => {
        this.#set(target, value)
        const place = this.places.get(from)
        if (place !== undefined) this.places.set(target, place)
        this.#keyOfTarget.set(target, this.#keyOfTarget.get(from) ?? target)
      },
      warn: (target, message, fix) =>
        void this.warnings.push({ where: this.#whereIs(target), key: this.#keyOfTarget.get(target), message, fix }),
      refuse: (target, message, fix) =>
        void this.mistakes.push({
          kind: 'invalid',
          where: this.#whereIs(target),
          key: this.#keyOfTarget.get(target),
          message,
          fix,
        }),
    }
    for (const combine of combinations) combine(loose)
  }

  finish(): GuestSpec | undefined {
    if (this.mistakes.length > 0) return undefined
    const parsed = GuestSpec.safeParse(this.#fields)
    if (parsed.success) return parsed.data
    for (const { path, message } of parsed.error.issues) {
      const field = this.#nearest(path.map(String))
      const missing = field === undefined && path[0] === 'name'
      const inner = this.#keyOfTarget.get(path.slice(0, 2).join('.'))
      const key = inner ?? this.#keyOfTarget.get(String(path[0]))
      const parts = path.slice(inner === undefined ? 1 : 2).filter((part) => typeof part === 'string')
      const name = [key ?? path[0], ...parts].join(', ')
      this.mistakes.push({
        kind: 'invalid',
        where: field ?? { file: this.#file, line: 1, column: 1 },
        key,
        message: missing ? 'the guest has no name' : `${name}: ${message}`,
        fix: missing ? 'add name = "…"' : undefined,
      })
    }
    return undefined
  }

  #nearest(path: readonly string[]): Where | undefined {
    for (let length = path.length; length > 0; length--) {
      const where = this.places.get(path.slice(0, length).join('.'))
      if (where !== undefined) return where
    }
    return undefined
  }
}

const byPlace = (a: Warning, b: Warning) => a.where.line - b.where.line || a.where.column - b.where.column

/** Reads a definition and says everything that is to be said about it, without throwing for what it contains. */
export function examineGuest(text: string, { file, overrides = [], limits = parseLimits }: LoadOptions): Examined {
  const parsed = parseConfig(text, file, limits)
  const extra = parseConfig(overrides.map((line) => `${line}\n`).join(''), OVERRIDES, limits)
  const placed = (settings: typeof parsed.settings, of: string) => settings.map((setting) => ({ ...setting, file: of }))
  const merged = mergeSettings([...placed(parsed.settings, file), ...placed(extra.settings, OVERRIDES)])
  const loading = new Loading(file)
  loading.warnings.push(...parsed.warnings, ...extra.warnings, ...merged.warnings)
  loading.mistakes.push(...parsed.mistakes, ...extra.mistakes, ...merged.mistakes)
  for (const setting of merged.settings.values()) loading.read(setting)
  loading.combine()
  const spec = loading.finish()
  const { warnings, mistakes, keys, places } = loading
  return { spec, warnings: warnings.toSorted(byPlace), mistakes: mistakes.toSorted(byPlace), keys, places }
}

/**
 * Loads a definition, or throws `config-syntax` for what xl's grammar refuses and `config-invalid` for what cannot be,
 * with the first mistake's place and all others as evidence.
 */
export function loadGuest(text: string, options: LoadOptions): Loaded {
  const { spec, warnings, mistakes } = examineGuest(text, options)
  if (spec === undefined) throw mistakeError(mistakes)
  return { spec, warnings }
}

/** The error for a definition that does not load. */
export function mistakeError(mistakes: readonly Mistake[]): TetrarchError {
  const first = mistakes.find(({ kind }) => kind === 'syntax') ?? mistakes[0]
  if (first === undefined) throw new RangeError('a definition without a specification and without a mistake')
  const others = mistakes.filter((mistake) => mistake !== first)
  return fail(first.kind === 'syntax' ? 'config-syntax' : 'config-invalid', {
    what: first.message,
    where: atText(first.where),
    fix: first.fix,
    ...(others.length > 0 && { evidence: others.map(({ where, message }) => `${atText(where)}: ${message}`) }),
  })
}
