/**
 * The mode that a definition asks for: its own key `mode`, or else what xl's keys type, builder, xen_platform_pci and
 * pvshim amount to (Xen tools/xl/xl_parse.c, parse_config_data). Rules as data: what a mode *is* stands in src/modes.
 */
import type { ConfiguredMode } from '../words/mode-names.ts'

export interface ModeKeys {
  readonly mode?: ConfiguredMode | undefined
  readonly type?: string | undefined
  readonly builder?: string | undefined
  readonly xenPlatformPci?: boolean | undefined
  readonly pvshim?: boolean | undefined
}

export interface ModeFinding {
  readonly key: keyof ModeKeys
  readonly message: string
  readonly fix?: string
}

export type ModeDecision =
  { readonly mode: ConfiguredMode; readonly remarks: readonly ModeFinding[] } | { readonly problem: ModeFinding }

/** In xl's order, for xl takes the first that the written text is a beginning of. */
const types = ['hvm', 'pv', 'pvh'] as const
type DomainType = (typeof types)[number]
const builders = ['hvm', 'generic'] as const
const typeOfBuilder: Readonly<Record<(typeof builders)[number], DomainType>> = { hvm: 'hvm', generic: 'pv' }

const modeOfType: Readonly<Record<DomainType, (keys: ModeKeys) => ConfiguredMode>> = {
  pv: () => 'pv',
  pvh: ({ pvshim }) => (pvshim === true ? 'pv-in-pvh' : 'pvh'),
  hvm: ({ xenPlatformPci }) => (xenPlatformPci === false ? 'hvm' : 'pvhvm'),
}

/** How each mode is written for xl; `auto` has no such keys. */
export const keysOfMode: Readonly<Record<ConfiguredMode, ModeKeys>> = {
  auto: { mode: 'auto' },
  pv: { type: 'pv' },
  pvh: { type: 'pvh' },
  hvm: { type: 'hvm', xenPlatformPci: false },
  pvhvm: { type: 'hvm' },
  'pv-in-pvh': { type: 'pvh', pvshim: true },
}

const beginning = <T extends string>(names: readonly T[], written: string): T | undefined =>
  names.find((name) => name.startsWith(written))

function abbreviated(key: 'type' | 'builder', written: string, meant: string): ModeFinding[] {
  if (written === meant) return []
  return [{ key, message: `xl takes ${key}="${written}" for "${meant}"`, fix: `write ${key}="${meant}"` }]
}

export function configuredMode(keys: ModeKeys): ModeDecision {
  const { type: writtenType, builder: writtenBuilder } = keys
  const type = writtenType === undefined ? undefined : beginning(types, writtenType)
  if (writtenType !== undefined && type === undefined) return unknown('type', writtenType, types)
  const builder = writtenBuilder === undefined ? undefined : beginning(builders, writtenBuilder)
  if (writtenBuilder !== undefined && builder === undefined) return unknown('builder', writtenBuilder, builders)
  const built = builder && typeOfBuilder[builder]
  if (type !== undefined && built !== undefined && type !== built) {
    return { problem: { key: 'builder', message: `builder="${writtenBuilder ?? ''}" contradicts type="${type}"` } }
  }
  const remarks = [
    ...(type === undefined ? [] : abbreviated('type', writtenType ?? '', type)),
    ...(builder === undefined ? [] : abbreviated('builder', writtenBuilder ?? '', builder)),
  ]
  return decide(keys, type ?? built, remarks)
}

function unknown(key: 'type' | 'builder', written: string, names: readonly string[]): ModeDecision {
  const said = names.map((name) => `"${name}"`).join(', ')
  return { problem: { key, message: `unknown ${key} ${JSON.stringify(written)}`, fix: `one of ${said}` } }
}

function decide(keys: ModeKeys, type: DomainType | undefined, remarks: readonly ModeFinding[]): ModeDecision {
  if (keys.mode === undefined) {
    if (type !== undefined) return { mode: modeOfType[type](keys), remarks }
    const message = 'neither mode nor type is given, so this is a PV guest, as for xl'
    return {
      mode: modeOfType.pv(keys),
      remarks: [...remarks, { key: 'type', message, fix: 'write mode="auto" or type="pv"' }],
    }
  }
  const forXl = type === undefined ? keys.mode : modeOfType[type](keys)
  // A definition that leaves the choice to tetrarch may still name a type for xl.
  if (forXl === keys.mode || keysOfMode[keys.mode].mode !== undefined) return { mode: keys.mode, remarks }
  const message = `mode="${keys.mode}" counts here, but xl would make it ${forXl} from the other keys`
  return { mode: keys.mode, remarks: [...remarks, { key: 'mode', message, fix: 'make the keys agree' }] }
}
