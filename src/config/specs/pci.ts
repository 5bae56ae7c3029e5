/**
 * PCI devices, `03:00.0`, `0000:03:00.0@5,permissive=1` or `name=nic1,seize=1` (xl-pci-configuration(5); Xen
 * tools/libs/util/libxlu_pci.c, xlu_pci_parse_spec_string).
 */
import { entryOf } from '../../words/entry-of.ts'
import type { PciSpec } from '../device-spec.ts'
import type { Spec } from '../keys/codecs.ts'
import { leadingLong } from '../numbers.ts'
import { joined, pair, pairOf } from './parts.ts'

type Draft = { -readonly [K in keyof PciSpec]?: PciSpec[K] }
type Outcome = Draft | { readonly problem: string; readonly fix?: string }

const ADDRESS = /^(?:([0-9a-fA-F]+):)?([0-9a-fA-F]+):([0-9a-fA-F]+)\.(\*|[0-9a-fA-F]+)/
const SLOT = /^[0-9a-fA-F]+/
const LIMITS = { domain: 0xffff, bus: 0xff, device: 0x1f, function: 7 } as const

const hex = (digits: string, width: number) => digits.padStart(width, '0')

/** The address at the start of a text in its long form, and the rest of the text. */
function addressIn(text: string): { readonly bdf: string; readonly rest: string } | undefined {
  const match = ADDRESS.exec(text)
  if (match === null) return undefined
  const [whole, domain = '0', bus = '', device = '', fn = ''] = match
  const numbers = [parseInt(domain, 16), parseInt(bus, 16), parseInt(device, 16)] as const
  if (numbers[0] > LIMITS.domain || numbers[1] > LIMITS.bus || numbers[2] > LIMITS.device) return undefined
  if (fn !== '*' && parseInt(fn, 16) > LIMITS.function) return undefined
  const [d, b, s] = numbers.map((number) => number.toString(16))
  const func = fn === '*' ? '*' : String(parseInt(fn, 16))
  return { bdf: `${hex(d ?? '', 4)}:${hex(b ?? '', 2)}:${hex(s ?? '', 2)}.${func}`, rest: text.slice(whole.length) }
}

function slotOf(text: string): Outcome {
  const digits = SLOT.exec(text)?.[0]
  const virtualSlot = digits === undefined ? NaN : parseInt(digits, 16)
  return virtualSlot <= 0x1f
    ? { virtualSlot }
    : { problem: `virtual slot ${JSON.stringify(text)}: 0 to 1f, hexadecimal` }
}

const isSet = (value: string) => leadingLong(value).value !== 0

const readers: Readonly<Record<string, (value: string) => Outcome>> = {
  bdf: (value) => {
    const address = addressIn(value)
    return address === undefined ? { problem: `${JSON.stringify(value)} is no PCI address` } : { bdf: address.bdf }
  },
  vslot: slotOf,
  name: (name) => ({ name }),
  permissive: (value) => ({ permissive: isSet(value) }),
  msitranslate: (value) => ({ msiTranslate: isSet(value) }),
  seize: (value) => ({ seize: isSet(value) }),
  power_mgmt: (value) => ({ powerManagement: isSet(value) }),
  rdm_policy: (value) =>
    value === 'strict' || value === 'relaxed'
      ? { rdmPolicy: value }
      : { problem: `rdm_policy ${JSON.stringify(value)}: strict or relaxed` },
}

/** An address, its slot and the comma, if the text begins with an address. */
function readStart(spec: string): { readonly outcome: Outcome; readonly rest: string } {
  const address = addressIn(spec)
  if (address === undefined) return { outcome: {}, rest: spec }
  const { bdf, rest } = address
  const [, slot, after = ''] = rest.startsWith('@')
    ? (/^@([0-9a-fA-F]*)(.*)$/s.exec(rest) ?? [])
    : ['', undefined, rest]
  const atSlot = slot === undefined ? {} : slotOf(slot)
  if ('problem' in atSlot) return { outcome: atSlot, rest: '' }
  if (after !== '' && !after.startsWith(','))
    return { outcome: { problem: `unexpected ${JSON.stringify(after)} after ${bdf}` }, rest: '' }
  return { outcome: { bdf, ...atSlot }, rest: after.slice(1) }
}

function readPart(part: string): Outcome {
  const [key, value] = pairOf(part) ?? []
  if (key === undefined || value === undefined) {
    return { problem: `${JSON.stringify(part)} is no PCI address`, fix: 'write DDDD:BB:DD.F, such as 0000:03:00.0' }
  }
  return entryOf(readers, key)?.(value) ?? { problem: `unknown parameter ${JSON.stringify(key)}` }
}

export function parsePci(spec: string): Spec<PciSpec> {
  const { outcome, rest } = readStart(spec)
  const outcomes = [outcome, ...(rest === '' ? [] : rest.replace(/,$/, '').split(',').map(readPart))]
  const pci: Draft = {}
  for (const one of outcomes) {
    if ('problem' in one) return one
    Object.assign(pci, one)
  }
  if (pci.bdf !== undefined && pci.name !== undefined)
    return { problem: 'a PCI device has an address or a name, not both' }
  if (pci.bdf === undefined && pci.name === undefined) return { problem: 'a PCI device needs an address or a name' }
  return { value: pci }
}

const digit = (flag: boolean | undefined) => (flag === undefined ? undefined : Number(flag))

export function writePci(pci: PciSpec): string {
  return joined([
    pair('bdf', pci.bdf),
    pair('name', pci.name),
    pair('vslot', pci.virtualSlot?.toString(16)),
    pair('permissive', digit(pci.permissive)),
    pair('msitranslate', digit(pci.msiTranslate)),
    pair('seize', digit(pci.seize)),
    pair('power_mgmt', digit(pci.powerManagement)),
    pair('rdm_policy', pci.rdmPolicy),
  ])
}
