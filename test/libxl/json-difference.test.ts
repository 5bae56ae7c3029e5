import { describe, expect, test } from 'vitest'
import { type RoundTrip, findDifference, findHazard } from '../../src/libxl/json-difference.ts'
import type { JsonObject, JsonValue } from '../../src/libxl/requests.ts'

/** A reader and writer as libxl's: what it does not know is dropped without a word, and defaults are not written. */
const defaults: Readonly<Record<string, JsonValue>> = { name: '', count: 0, shown: false, list: [], kind: 'first' }
const kinds: readonly JsonValue[] = ['first', 'second']

function readAndWrite(document: JsonObject): JsonObject | null {
  const kept = Object.entries(document).flatMap(([key, value]): (readonly [string, JsonValue])[] => {
    const known = defaults[key]
    if (known === undefined || typeof known !== typeof value || Array.isArray(known) !== Array.isArray(value)) return []
    return JSON.stringify(value) === JSON.stringify(known) ? [] : [[key, value]]
  })
  const written = Object.fromEntries(kept)
  return written['kind'] !== undefined && !kinds.includes(written['kind']) ? null : written
}

const differenceOf = (sent: JsonObject, known?: Set<string>, roundTrip: RoundTrip = readAndWrite) =>
  findDifference(sent, readAndWrite(sent) ?? {}, roundTrip, known)

describe('what libxl reads as it was meant', () => {
  test.each<JsonObject>([
    {},
    { name: 'web', count: 3, shown: true, list: [1, 2], kind: 'second' },
    { name: '', count: 0, shown: false, list: [], kind: 'first' },
  ])('%j is no difference', (sent) => {
    expect(differenceOf(sent)).toBeNull()
  })
})

describe('a difference', () => {
  test.each<readonly [JsonObject, string, RegExp]>([
    [{ naem: 'web' }, 'naem', /ignores "web": unknown key or wrong type/],
    [{ count: '3' }, 'count', /ignores "3"/],
    [{ count: 0, 'type.pvh': { pvshim: 0 } }, '["type.pvh"].pvshim', /ignores 0/],
  ])('in %j is found at its place', (sent, path, why) => {
    expect(differenceOf(sent)).toMatchObject({ path, why: expect.stringMatching(why) as string })
  })

  test('in what came back is one too', () => {
    const difference = (sent: JsonObject, back: JsonObject) => findDifference(sent, back, readAndWrite)
    expect(difference({ count: 3 }, { count: 4 })).toEqual({ path: 'count', why: '3 was read as 4' })
    expect(difference({ list: [1, 2] }, { list: [1] })).toMatchObject({
      path: 'list',
      why: expect.stringContaining('1 elements of 2') as string,
    })
    expect(difference({ list: [{ vdev: 'a' }] }, { list: [{ vdev: 'b' }] })).toMatchObject({ path: 'list[0].vdev' })
  })
})

test('a key that was seen to be read is not tried again, one of another type is', () => {
  const known = new Set<string>()
  let ways = 0
  const counted: RoundTrip = (document) => {
    ways++
    return readAndWrite(document)
  }
  expect(differenceOf({ count: 0, shown: false }, known, counted)).toBeNull()
  const first = ways
  expect(first).toBeGreaterThan(0)
  expect(differenceOf({ count: 0, shown: false }, known, counted)).toBeNull()
  expect(ways).toBe(first)
  expect(differenceOf({ count: '' }, known, counted)).not.toBeNull()
})

describe('a hazard', () => {
  test.each<readonly [JsonObject, string, string]>([
    [{ b_info: { kernel: null } }, 'b_info.kernel', 'null means nothing'],
    [{ disks: [{ readwrite: 1.5 }] }, 'disks[0].readwrite', '1.5 is no integer'],
    [{ b_info: { max_memkb: 2 ** 60 } }, 'b_info.max_memkb', 'is no integer that JSON carries'],
    [{ b_info: { 'type.hvm': {}, 'type.pvh': {} } }, 'b_info', 'type.hvm and type.pvh are one union'],
  ])('in %j is told with its place', (document, path, why) => {
    expect(findHazard(document)).toMatchObject({ path, why: expect.stringContaining(why) as string })
  })

  test('is not in an ordinary document', () => {
    expect(findHazard({ b_info: { 'type.pvh': { pvshim: 'True' } }, disks: [{ vdev: 'xvda' }] })).toBeNull()
  })
})
