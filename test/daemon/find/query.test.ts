import { describe, expect, test } from 'vitest'
import type { TetrarchError } from '../../../src/words/errors.ts'
import { compileQuery } from '../../../src/daemon/find/query.ts'

interface Vm {
  readonly name_label: string
  readonly [field: string]: unknown
}

const vms: readonly Vm[] = [
  {
    name_label: 'my VM',
    virtualizationMode: 'hvm',
    power_state: 'Running',
    boot: { order: 'cn' },
    VIFs: [1, 2],
    $VBDs: [1],
  },
  {
    name_label: 'DNS server 1',
    virtualizationMode: 'pv',
    power_state: 'Halted',
    auto_poweron: true,
    VIFs: [1],
    $VBDs: [1, 2, 3, 4],
  },
  { name_label: 'DNS server', virtualizationMode: 'pvh', power_state: 'Suspended', memory: 4096, VIFs: [], $VBDs: [] },
  {
    name_label: 'simple-string',
    virtualizationMode: 'pvhvm',
    power_state: 'Running',
    description: 'a foo - bar',
    VIFs: [],
    $VBDs: [],
  },
]
const fields = new Set([...vms.flatMap((vm) => Object.keys(vm)), 'tags'])
const rules = { fields, saved: { halted: 'power_state:Halted', dns: '/^dns/i' }, timeoutMs: 200 }
const found = (text: string) =>
  compileQuery(text, rules)
    .select(vms, (vm) => vm)
    .map((vm) => vm.name_label)
const refused = (text: string): TetrarchError => {
  try {
    found(text)
  } catch (thrown) {
    return thrown as TetrarchError
  }
  throw new Error('it was taken')
}

describe('the examples of Xen Orchestra', () => {
  test.each([
    ['', ['my VM', 'DNS server 1', 'DNS server', 'simple-string']],
    ['simple-string', ['simple-string']],
    ['"my VM"', ['my VM']],
    ['foo*bar', ['simple-string']],
    [String.raw`/^DNS server \d+$/`, ['DNS server 1']],
    ['/FOO/i', ['simple-string']],
    ['name_label:"my VM"', ['my VM']],
    ['virtualizationMode:hvm', ['my VM', 'simple-string']],
    ['boot:order:cn', ['my VM']],
    ['!hvm', ['DNS server 1', 'DNS server']],
    ['!power_state:Running', ['DNS server 1', 'DNS server']],
    ['power_state:!Running', ['DNS server 1', 'DNS server']],
    ['power_state:Halted !virtualizationMode:hvm', ['DNS server 1']],
    ['!(power_state:Running virtualizationMode:hvm)', ['DNS server 1', 'DNS server']],
    ['|(simple DNS)', ['DNS server 1', 'DNS server', 'simple-string']],
    ['power_state:|(Running suspended)', ['my VM', 'DNS server', 'simple-string']],
    ['auto_poweron?', ['DNS server 1']],
    ['$VBDs:length:>=4', ['DNS server 1']],
    ['VIFs:length:>=2', ['my VM']],
  ])('%s', (text, names) => {
    expect(found(text)).toEqual(names)
  })

  test('the exact form of a mode is a regular expression', () => {
    expect(found('virtualizationMode:pv')).toHaveLength(3)
    expect(found('virtualizationMode:/^pv$/')).toEqual(['DNS server 1'])
  })

  test('a number is compared as one', () => {
    expect(found('memory:>2048')).toEqual(['DNS server'])
  })
})

test('a saved query stands for its text, also inside another', () => {
  expect(found('@halted')).toEqual(['DNS server 1'])
  expect(found('|(@halted virtualizationMode:pvhvm)')).toEqual(['DNS server 1', 'simple-string'])
  expect(found('@dns !@halted')).toEqual(['DNS server'])
})

describe('what is no query is refused with its place', () => {
  test.each([
    ['power_state:Running )', 'query:21', 'it cannot be read from here on'],
    ['!(', 'query:1', 'it cannot be read from here on'],
    ['stat:running', 'query:1', 'there is no field "stat"'],
    ['pv colour?', 'query:4', 'there is no field "colour"'],
    ['pv @hlated', 'query:4', 'there is no saved query "@hlated"'],
  ])('%s', (text, where, why) => {
    expect(refused(text)).toMatchObject({ code: 'usage', parts: { where, why } })
  })

  test('with a caret under it', () => {
    expect(refused('pv colour?').parts.evidence).toEqual(['pv colour?', '   ^'])
  })

  test('a pattern that is none', () => {
    expect(refused('/(/')).toMatchObject({ code: 'usage', parts: { what: 'this is no query' } })
  })
})

test('a pattern that backtracks without end is stopped', () => {
  const hostile = [{ name_label: `${'a'.repeat(60)}!` }]
  expect(() => compileQuery('/^(a+)+$/', rules).select(hostile, (vm) => vm)).toThrow('took longer than 200 ms')
})
