/** Rate limits of network interfaces, `10Mb/s@20ms` (Xen tools/libs/util/libxlu_vif.c, xlu_vif_parse_rate). */
import type { NicSpec } from '../device-spec.ts'

type Rate = NonNullable<NicSpec['rate']>

const BYTES_PER_SECOND = /^([0-9]+)([GMK]?)([Bb])\/s$/
const INTERVAL = /^([0-9]+)([mu]?)s?$/
const UINT32_MAX = 0xffffffffn
const UINT64_MAX = 0xffffffffffffffffn
const DEFAULT_INTERVAL_MICROSECONDS = 50_000n
const factors: Readonly<Record<string, bigint>> = { G: 1_000_000_000n, M: 1_000_000n, K: 1000n, '': 1n }
const microseconds: Readonly<Record<string, bigint>> = { u: 1n, m: 1000n, '': 1_000_000n }

/** Digits as strtoull(text, 0): a leading 0 is octal. Undefined for what is too large, zero or broken off. */
function wholeOf(digits: string): bigint | undefined {
  const octal = digits.startsWith('0')
  if (octal && /[89]/.test(digits)) return undefined
  const value = BigInt(octal ? `0o${digits}` : digits)
  return value === 0n || value > UINT32_MAX ? undefined : value
}

function bytesPerSecond(text: string): bigint | undefined {
  const [, digits = '', unit = '', bits] = BYTES_PER_SECOND.exec(text) ?? []
  const whole = digits === '' ? undefined : wholeOf(digits)
  if (whole === undefined) return undefined
  const value = whole * (factors[unit] ?? 1n)
  return bits === 'b' ? value / 8n : value
}

function intervalOf(text: string): bigint | undefined {
  const [, digits = '', unit = ''] = INTERVAL.exec(text) ?? []
  const whole = digits === '' ? undefined : wholeOf(digits)
  const value = whole === undefined ? undefined : whole * (microseconds[unit] ?? 1n)
  return value === undefined || value > UINT32_MAX ? undefined : value
}

export function parseRate(text: string): Rate | { readonly problem: string } {
  const [speed = '', interval] = text.split(/@(.*)/s, 2)
  const bytes = bytesPerSecond(speed)
  if (bytes === undefined) return { problem: `rate ${JSON.stringify(text)} is not like 10Mb/s or 1GB/s` }
  const length = interval === undefined ? DEFAULT_INTERVAL_MICROSECONDS : intervalOf(interval)
  if (length === undefined) return { problem: `rate ${JSON.stringify(text)}: the interval is not like 20ms` }
  if (bytes > UINT64_MAX / length) return { problem: `rate ${JSON.stringify(text)} is too large` }
  return { bytesPerInterval: Number((bytes * length) / 1_000_000n), intervalMicroseconds: Number(length) }
}

/** A text that reads back as the same rate: the fewest bytes a second that fill the interval. */
export function rateText({ bytesPerInterval, intervalMicroseconds }: Rate): string {
  const interval = BigInt(intervalMicroseconds === 0 ? 1 : intervalMicroseconds)
  const exact = (BigInt(bytesPerInterval) * 1_000_000n + interval - 1n) / interval
  const bytes = exact === 0n ? 1n : exact
  const unit = ['', 'K', 'M', 'G'].find((name) => bytes / (factors[name] ?? 1n) <= UINT32_MAX) ?? 'G'
  return `${bytes / (factors[unit] ?? 1n)}${unit}B/s@${interval}us`
}
