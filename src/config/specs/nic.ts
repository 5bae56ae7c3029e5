/**
 * Network interfaces, `mac=00:16:3e:…,bridge=xenbr0,type=vif` (xl-network-configuration(5); Xen tools/xl/xl_parse.c,
 * parse_nic_config). In a file xl prints a message for a part that it does not understand and goes on without it;
 * so do we, with a warning that has a place.
 */
import { entryOf } from '../../words/entry-of.ts'
import type { NicSpec } from '../device-spec.ts'
import type { Spec } from '../keys/codecs.ts'
import { leadingLong } from '../numbers.ts'
import { joined, pair, pairOf, partsOf } from './parts.ts'
import { parseRate, rateText } from './rate.ts'

type Draft = { -readonly [K in keyof NicSpec]?: NicSpec[K] }
/** What a part sets, or why it is ignored, or why the whole is refused. */
type Outcome = Draft | { readonly ignored: string } | { readonly problem: string }

const text =
  (set: (value: string) => Draft) =>
  (value: string): Outcome =>
    value === '' ? {} : set(value)

/** Six hexadecimal numbers below 256 with any single character between them, as xl reads them. */
function parseMac(value: string): Outcome {
  const bytes: number[] = []
  for (let rest = value; bytes.length < 6; rest = rest.slice(1)) {
    const { value: byte, rest: after } = leadingLong(rest, 16)
    if (after === rest || byte > 255 || byte < 0) return { ignored: `${JSON.stringify(value)} is no MAC address` }
    bytes.push(byte)
    rest = after
  }
  const mac = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')
  if (mac === '00:00:00:00:00:00') return {}
  return { mac }
}

function parseWhole(value: string, what: string, set: (number: number) => Draft): Outcome {
  return /^\s*\d/.test(value)
    ? set(leadingLong(value).value)
    : { problem: `${what} ${JSON.stringify(value)} is no number` }
}

const readers: Readonly<Record<string, (value: string) => Outcome>> = {
  mac: parseMac,
  bridge: (bridge) => ({ bridge }),
  vifname: text((vifName) => ({ vifName })),
  script: text((script) => ({ script })),
  model: text((model) => ({ model })),
  ip: text((ip) => ({ ip })),
  gatewaydev: text((gatewayDevice) => ({ gatewayDevice })),
  netdev: text((gatewayDevice) => ({ gatewayDevice })),
  backend: text((backend) => ({ backend })),
  type: (value) =>
    value === 'vif' || value === 'ioemu' ? { type: value } : { ignored: `type ${JSON.stringify(value)}: vif or ioemu` },
  rate: (value) => {
    const rate = parseRate(value)
    return 'problem' in rate ? rate : { rate }
  },
  mtu: (value) => parseWhole(value, 'mtu', (mtu) => ({ mtu })),
  devid: (value) => parseWhole(value, 'devid', (devid) => ({ devid })),
  accel: () => ({ ignored: '"accel" does nothing since xl' }),
}

function readPart(part: string): Outcome {
  if (part === 'trusted') return { trusted: true }
  if (part === 'untrusted') return { trusted: false }
  const [key, value] = pairOf(part) ?? []
  if (key === undefined || value === undefined) return { ignored: `${JSON.stringify(part)} has no "="` }
  const read = entryOf(readers, key)
  if (read !== undefined) return read(value)
  if (/^(colo_|forwarddev$)/.test(key)) return { problem: `COLO (${key}) is known, not supported` }
  return { ignored: `unknown parameter ${JSON.stringify(key)}` }
}

/** Reads one interface; an empty text is one with everything as libxl decides. */
export function parseNic(spec: string): Spec<NicSpec> {
  const nic: Draft = {}
  const warnings: string[] = []
  for (const part of partsOf(spec)) {
    const outcome = readPart(part)
    if ('problem' in outcome) return outcome
    if ('ignored' in outcome) warnings.push(`${outcome.ignored}; xl goes on without it`)
    else Object.assign(nic, outcome)
    if (part.startsWith('netdev=')) warnings.push('"netdev" is deprecated: write gatewaydev')
  }
  return { value: nic, warnings }
}

export function writeNic(nic: NicSpec): string {
  return joined([
    pair('mac', nic.mac),
    pair('bridge', nic.bridge),
    pair('vifname', nic.vifName),
    pair('script', nic.script),
    pair('type', nic.type),
    pair('model', nic.model),
    pair('ip', nic.ip),
    pair('gatewaydev', nic.gatewayDevice),
    pair('backend', nic.backend),
    nic.rate && pair('rate', rateText(nic.rate)),
    pair('mtu', nic.mtu),
    pair('devid', nic.devid),
    nic.trusted === undefined ? undefined : nic.trusted ? 'trusted' : 'untrusted',
  ])
}
