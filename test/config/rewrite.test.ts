import { expect, test } from 'vitest'
import { examineGuest } from '../../src/config/load.ts'
import { rewriteGuest } from '../../src/config/rewrite.ts'
import type { GuestSpec } from '../../src/config/guest-spec.ts'

const read = (text: string): GuestSpec => {
  const { spec } = examineGuest(text, { file: 'x.cfg' })
  if (spec === undefined) throw new Error('it cannot be read')
  return spec
}
const rewrite = (text: string, change: Partial<GuestSpec>): string =>
  rewriteGuest(text, read(text), { ...read(text), ...change })

test('only the line of what changes is touched; comments and order stay', () => {
  const text =
    '# my guest\nname = "web"\ntype = "pv" # for now\nmemory = 512\n# its disk\ndisk = [ "/x.img,raw,xvda,w",\n  # spare\n]\n'
  expect(rewrite(text, { mode: 'pvh' })).toBe(text.replace('"pv"', '"pvh"'))
})

test('all keys that make the mode go together', () => {
  const text = 'name = "web"\nbuilder = "hvm"\nmemory = 512\nxen_platform_pci = 0\n'
  expect(rewrite(text, { mode: 'pvhvm' })).toBe('name = "web"\ntype = "hvm"\nmemory = 512\n')
})

test('what was not there is added at the end, and what is gone leaves no empty line', () => {
  const text = 'name = "web"\ntype = "hvm"\nvga = "none"\nmemory = 512; extra = "quiet"'
  const rest: Partial<GuestSpec> = { ...read(text), mode: 'hvm' }
  delete (rest as { vga?: unknown }).vga
  expect(rewriteGuest(text, read(text), rest as GuestSpec)).toBe(
    'name = "web"\ntype = "hvm"\nxen_platform_pci = 0\nmemory = 512; extra = "quiet"',
  )
})

test('a text in which a line cannot be changed is written anew, and means the same', () => {
  const text = 'name = "web"\ntype = "pv"\nvif = ["mac=00:16:3e:00:00:01"]\nvif += ["mac=00:16:3e:00:00:02"]\n'
  const [first] = read(text).nics
  const after = { ...read(text), nics: first === undefined ? [] : [first] }
  expect(read(rewriteGuest(text, read(text), after))).toEqual(after)
})
