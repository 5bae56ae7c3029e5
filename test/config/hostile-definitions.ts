/** Texts that try to break the loader: fragments of the language in any order, and definitions with bytes changed. */
import fc from 'fast-check'
import { keyTable } from '../../src/config/keys/table.ts'
import { writeGuest } from '../../src/config/write.ts'
import { arbitraryGuest } from './arbitrary-guest.ts'

const fragments = [
  '[',
  ']',
  ',',
  ';',
  '=',
  '+=',
  '\n',
  '\r\n',
  ' ',
  '\t',
  '#',
  '"',
  "'",
  '\\',
  '\ufeff',
  '\0',
  'é',
  '0x',
  '08',
  '-1',
  'True',
  'x',
]
const pieces = [
  'cdrom',
  'phy:',
  'vdev=',
  'target=',
  'mac=',
  'rate=',
  'bdf=',
  'host,',
  '@',
  '^',
  '-',
  'nodes:',
  'all',
  '0-3',
  '00:16:3e',
  '/x',
  '9999999999999',
]

const fragment = fc.oneof(
  fc.constantFrom(...fragments),
  fc.constantFrom(...pieces),
  fc.constantFrom(...keyTable.keys()),
  fc.string({ maxLength: 4 }),
)
const setting = fc
  .tuple(
    fc.constantFrom(...keyTable.keys()),
    fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 6 })), { maxLength: 8 }),
  )
  .chain(([key, parts]) => {
    const text = JSON.stringify(parts.join(',')).replaceAll(/\\u00../g, '?')
    return fc.constantFrom(`${key} = ${text}`, `${key} = [ ${text} ]`, `${key} = [ [ ${text} ] ]`, `${key} += ${text}`)
  })

const mutated = fc
  .tuple(arbitraryGuest.map(writeGuest), fc.array(fc.tuple(fc.nat(), fragment), { minLength: 1, maxLength: 4 }))
  .map(([text, changes]) =>
    changes.reduce((sofar, [at, what]) => {
      const place = at % (sofar.length + 1)
      return sofar.slice(0, place) + what + sofar.slice(place + (at % 3))
    }, text),
  )

export const hostileDefinition: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join('')) },
  {
    weight: 4,
    arbitrary: fc.array(setting, { maxLength: 5 }).map((lines) => `name="a"\ntype="pv"\n${lines.join('\n')}\n`),
  },
  { weight: 1, arbitrary: mutated },
)
