/** What xl.conf(5) says about every nic that does not say it itself (`vif.default.*`). */
import { entryOf } from '../words/entry-of.ts'
import type { NicSpec } from './device-spec.ts'
import type { GuestSpec } from './guest-spec.ts'
import { parseConfig } from './parse.ts'

export type NicDefaults = Partial<Pick<NicSpec, 'bridge' | 'script' | 'gatewayDevice' | 'backend'>>

const fields: Readonly<Record<string, keyof NicDefaults>> = {
  'vif.default.bridge': 'bridge',
  'vif.default.script': 'script',
  'vif.default.gatewaydev': 'gatewayDevice',
  'vif.default.backend': 'backend',
}

/** Reads the text of xl.conf, which has the grammar of xl.cfg. What cannot be read there says nothing, as for a host without one. */
export function readNicDefaults(text: string, file: string): NicDefaults {
  const found = parseConfig(text, file).settings.flatMap(({ key, value }) => {
    const field = entryOf(fields, key)
    return field === undefined || value.kind !== 'atom' || value.text === '' ? [] : [[field, value.text] as const]
  })
  return Object.fromEntries(found)
}

/** The guest as xl would make it on this host: what a nic says itself comes first. */
export const withNicDefaults = (spec: GuestSpec, defaults: NicDefaults = {}): GuestSpec =>
  Object.keys(defaults).length === 0 ? spec : { ...spec, nics: spec.nics.map((nic) => ({ ...defaults, ...nic })) }
