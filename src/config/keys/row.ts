/** One row of the key table: everything that is known about one key of xl.cfg. */
import { modeNames, type ModeName } from '../../words/mode-names.ts'
import type { GuestSpec } from '../guest-spec.ts'
import type { Value } from '../parse.ts'
import type { Position } from '../source.ts'
import { xenOfKey } from './since.ts'

/** A value as the writer prints it. */
export type Written = string | number | readonly Written[]

/** Where a codec says what is wrong. */
export interface Report {
  /** It loads, but probably not as meant. */
  warn(at: Position, message: string, fix?: string): void
  /** It does not load. */
  refuse(at: Position, message: string, fix?: string): void
  /** Where the item of a list stands, so that a later check of the whole points at it. */
  place(path: readonly (string | number)[], at: Position): void
}

/** How one type of value is read from a definition and written to one. */
export interface Codec<T> {
  /** The type in a man page's words: `NUMBER`, `"STRING"`, `[ "SPEC", … ]`. */
  readonly form: string
  /** Undefined where xl leaves the default, after a warning. */
  read(value: Value, report: Report, operator: '=' | '+='): T | undefined
  write(value: T): Written
}

/** A field of the guest specification, or `@name` for what only together with other keys makes one (combine.ts). */
export type Target = keyof GuestSpec | `${keyof GuestSpec}.${string}` | `@${string}`

/** `must` and `should` work; `ignored` is read by xl and does nothing there either; `unsupported` is refused by name. */
export type Support = 'must' | 'should' | 'ignored' | 'unsupported'

export interface KeyRow {
  readonly name: string
  readonly support: Support
  readonly codec: Codec<unknown>
  readonly target: Target
  /** Field in libxl's domain configuration, for those who compare with `xl -N create`. */
  readonly libxl: string | undefined
  /** The modes in which it means something. */
  readonly modes: readonly ModeName[]
  /** First Xen whose xl reads it; undefined for keys of ours. */
  readonly since: string | undefined
  /** Ours: xl ignores the key. */
  readonly own: boolean
  /** One sentence for the man page. */
  readonly says: string
  /** Why it is not supported, or what to use instead. */
  readonly instead: string | undefined
}

export const everyMode: readonly ModeName[] = modeNames
/** The modes with a whole emulated machine. */
export const emulatedModes: readonly ModeName[] = ['hvm', 'pvhvm']
/** The modes in which the processor's virtualization runs the guest itself. */
export const hardwareModes: readonly ModeName[] = ['hvm', 'pvhvm', 'pvh', 'pv-in-pvh']
/** The modes that take a kernel from the toolstack. */
export const kernelModes: readonly ModeName[] = ['pv', 'pvh', 'pv-in-pvh']
export const shimModes: readonly ModeName[] = ['pv-in-pvh']
export const pvModes: readonly ModeName[] = ['pv']
/** The modes that can be given PCI devices. */
export const passthroughModes: readonly ModeName[] = ['pv', 'hvm', 'pvhvm']

interface KeyOptions {
  readonly support?: Support
  readonly modes?: readonly ModeName[]
  readonly libxl?: string
  readonly own?: boolean
  readonly instead?: string
}

/** A row; what is not given is what most keys are: needed, for every mode, xl's own. */
export function key<T>(name: string, codec: Codec<T>, target: Target, says: string, options: KeyOptions = {}): KeyRow {
  const { support = 'must', modes = everyMode, libxl, own = false, instead } = options
  const since = own ? undefined : xenOfKey(name)
  return { name, codec, target, says, support, modes, libxl, since, own, instead }
}
