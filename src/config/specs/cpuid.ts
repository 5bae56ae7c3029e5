/**
 * The key cpuid, in libxl's syntax, `"host,tm=0,family=6"`, or in xend's, `[ "1:ecx=xxxx…,edx=…" ]` (xl.cfg(5); Xen
 * tools/libs/light/libxl_cpuid.c). For both: which bits are set, cleared, kept or left as the default policy has them.
 */
import { featureNames, libxlNames } from './cpuid-fields.ts'

export interface CpuidLeaf {
  readonly leaf: number
  readonly subleaf?: number
  eax?: string
  ebx?: string
  ecx?: string
  edx?: string
}

export interface CpuidPolicy {
  readonly cpuid: readonly CpuidLeaf[]
  readonly msr: readonly { readonly index: number; readonly policy: string }[]
}

interface Field {
  readonly name: string
  readonly leaf: number
  readonly subleaf?: number
  readonly register: 'eax' | 'ebx' | 'ecx' | 'edx'
  readonly bit: number
  readonly length: number
}
interface MsrBit {
  readonly msr: number
  readonly bit: number
}

const REGISTER_BITS = 32
const MSR_BITS = 64
const NUMBER = /^\s*[+-]?(0[xX][0-9a-fA-F]+|[0-9]+)/

/** Every name and its place; of two places of one name the first counts, as for libxl. */
function readTables(): ReadonlyMap<string, Field | MsrBit> {
  const found = new Map<string, Field | MsrBit>()
  for (const { names, ...place } of [...libxlNames, ...featureNames]) {
    for (const text of names.split(' ')) {
      const [name = '', bit = '', length = '1'] = text.split(':')
      if (found.has(name)) continue
      if ('msr' in place) found.set(name, { msr: place.msr, bit: Number(bit) + place.from })
      else found.set(name, { ...place, name, bit: Number(bit), length: Number(length) })
    }
  }
  return found
}
const places = readTables()

/** What is gathered while the parts are read. */
interface Draft {
  readonly leaves: CpuidLeaf[]
  readonly msrs: Map<number, string>
  readonly problems: string[]
}

function leafOf({ leaves }: Draft, leaf: number, subleaf: number | undefined): CpuidLeaf {
  const found = leaves.find((entry) => entry.leaf === leaf && entry.subleaf === subleaf)
  if (found !== undefined) return found
  const entry: CpuidLeaf = { leaf, ...(subleaf !== undefined && { subleaf }) }
  leaves.push(entry)
  return entry
}

const replaced = (text: string, at: number, part: string) => text.slice(0, at) + part + text.slice(at + part.length)
const binary = (number: number, length: number) =>
  (BigInt(number) & ((1n << BigInt(length)) - 1n)).toString(2).padStart(length, '0')

/** The value of a field as bits, or as the letter x, k or s in each place; undefined for what is no value. */
function bitsOf(value: string, length: number): { readonly bits: string; readonly number: number } | undefined {
  const digits = NUMBER.exec(value)?.[1]
  if (digits !== undefined) {
    const octal = /^0[0-7]+$/.test(digits)
    const number = octal ? parseInt(digits, 8) : Number(digits)
    return { bits: binary(number, length), number }
  }
  const letter = value.charAt(0)
  return /[xks]/.test(letter) ? { bits: letter.repeat(length), number: 0 } : undefined
}

/** Family and model are split over two fields of leaf 1 (Intel SDM, CPUID; AMD APM 3, appendix E). */
const splitFields: Readonly<Record<string, (register: string, bits: string, number: number) => string>> = {
  family: (register, bits, number) => {
    if (number < 16) return replaced(replaced(register, 20, bits.slice(4)), 4, '00000000')
    return replaced(replaced(register, 20, '1111'), 4, bits.charAt(0) + binary(number - 15, 7))
  },
  model: (register, bits) => replaced(replaced(register, 12, bits.slice(0, 4)), 24, bits.slice(4)),
}

function setField(draft: Draft, field: Field, value: string): boolean {
  const entry = leafOf(draft, field.leaf, field.subleaf)
  const found = bitsOf(value, field.length)
  if (found === undefined) return false
  const before = entry[field.register] ?? 'x'.repeat(REGISTER_BITS)
  const split = splitFields[field.name]
  entry[field.register] =
    split?.(before, found.bits, found.number) ?? replaced(before, REGISTER_BITS - field.length - field.bit, found.bits)
  return true
}

function setMsr({ msrs }: Draft, { msr, bit }: MsrBit, value: string): boolean {
  if (!/^[01xks]$/.test(value)) return false
  const before = msrs.get(msr) ?? 'x'.repeat(MSR_BITS)
  msrs.set(msr, replaced(before, MSR_BITS - 1 - bit, value === 's' ? 'k' : value))
  return true
}

function readWord(draft: Draft, word: string) {
  const equals = word.indexOf('=')
  const place = places.get(word.slice(0, Math.max(equals, 0)))
  const value = word.slice(equals + 1)
  if (equals < 0) draft.problems.push(`${JSON.stringify(word)} has no "="`)
  else if (place === undefined) draft.problems.push(`there is no CPUID field ${JSON.stringify(word.slice(0, equals))}`)
  else if (!('msr' in place ? setMsr(draft, place, value) : setField(draft, place, value))) {
    draft.problems.push(`${JSON.stringify(word)}: the value is a number, x, k or s`)
  }
}

const XEND_LINE = /^\s*(0[xX][0-9a-fA-F]+|[0-9]+)(?:,\s*(0[xX][0-9a-fA-F]+|[0-9]+))?:(.*)$/s

function readLine(draft: Draft, line: string) {
  const [, leaf, subleaf, rest = ''] = XEND_LINE.exec(line) ?? []
  if (leaf === undefined) {
    draft.problems.push(`${JSON.stringify(line)} does not begin with LEAF: or LEAF,SUBLEAF:`)
    return
  }
  const entry = leafOf(draft, Number(leaf), subleaf === undefined ? undefined : Number(subleaf))
  for (const part of rest.split(/,[ \n]*/)) {
    const [, register, bits = ''] = /^e([abcd])x=(.*)$/s.exec(part) ?? []
    if (part === '' && rest === '') return
    if (register === undefined || bits.length !== REGISTER_BITS) {
      draft.problems.push(`${JSON.stringify(part)} is not e[abcd]x= and ${REGISTER_BITS} characters`)
      return
    }
    entry[`e${register as 'a' | 'b' | 'c' | 'd'}x`] = bits
  }
}

/** What the key says, and in `problems` the parts of it that libxl leaves out. */
export function cpuidPolicy(cpuid: string | readonly string[]): {
  readonly policy: CpuidPolicy
  readonly problems: readonly string[]
} {
  const draft: Draft = { leaves: [], msrs: new Map(), problems: [] }
  if (typeof cpuid !== 'string') {
    for (const line of cpuid) readLine(draft, line)
  } else {
    const [first, ...words] = cpuid.split(',').filter((word) => word !== '')
    if (first === 'host') for (const word of words) readWord(draft, word)
    else draft.problems.push('the first word must be "host"')
  }
  const msr = [...draft.msrs].map(([index, policy]) => ({ index, policy }))
  return { policy: { cpuid: draft.leaves, msr }, problems: draft.problems }
}
