import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawMenu } from '../../src/boot-menu/menu-screen.ts'
import {
  type Key,
  type MenuItem,
  type MenuState,
  type Next,
  editLine,
  isOutcome,
  openMenu,
  press,
  tick,
} from '../../src/boot-menu/menu-state.ts'

const item = (path: string, title: string, more: Partial<MenuItem> = {}): MenuItem => ({
  ...{ path, title, kernel: 'gpt2:/boot/vmlinuz', cmdline: 'root=/dev/xvda2 ro', problem: null, isDefault: false },
  ...more,
})
const items = [
  item('0', 'Debian'),
  item('1>0', 'Debian, with Linux 6.1', { isDefault: true }),
  item('1>1', 'Debian (recovery)'),
  item('2', 'Windows', { kernel: null, problem: 'it starts another boot loader' }),
]

/** `up`, `^u`, or letters that are typed. */
const key = (name: string): Key =>
  name.startsWith('^')
    ? { name: name.slice(1), ctrl: true, sequence: '\u0001' }
    : { name, sequence: name.length === 1 ? name : '\u001b' }

function after(state: MenuState, ...keys: readonly string[]): Next {
  let next: Next = state
  for (const name of keys) if (!isOutcome(next)) next = press(next, key(name))
  return next
}
const menu = openMenu(items, 5)
const typing = (text: string) => text.match(/./g) ?? []

test('begins at the default and boots it when nobody comes in time', () => {
  let next: Next = menu
  for (let second = 1; second < 5; second++) if (!isOutcome(next)) next = tick(next)
  expect(next).toMatchObject({ selected: 1, secondsLeft: 1 })
  expect(tick(next as MenuState)).toEqual({ kind: 'boot', item: items[1], cmdline: null, by: 'timeout' })
})

test('waits for ever once a key was pressed', () => {
  const next = after(menu, 'x') as MenuState
  expect(next.secondsLeft).toBeNull()
  expect(tick(next)).toBe(next)
})

test.each([
  [['return'], '1>0'],
  [['up', 'return'], '0'],
  [['down', 'return'], '1>1'],
  [['home', 'up', 'return'], '0'],
  [['pagedown', 'k', 'b'], '1>1'],
])('%j boots the entry %s', (keys, path) => {
  expect(after(menu, ...keys)).toMatchObject({ kind: 'boot', item: { path }, cmdline: null, by: 'person' })
})

test.each([[['q']], [['escape']], [['^c']], [['e', '^c']]])('%j leaves', (keys) => {
  expect(after(menu, ...keys)).toEqual({ kind: 'leave' })
})

test('an entry that cannot be booted stays in the menu', () => {
  expect(after(menu, 'end', 'return')).toMatchObject({ selected: 3 })
})

test.each([
  [['e', ...typing(' single'), 'return'], 'root=/dev/xvda2 ro single'],
  [['a', '^w', ...typing('rw'), 'return'], 'root=/dev/xvda2 rw'],
  [['e', '^u', ...typing('init=/bin/sh'), 'return'], 'init=/bin/sh'],
  [['e', 'home', 'delete', '^d', 'right', '^k', 'return'], 'o'],
  [['e', 'left', 'left', 'backspace', 'return'], 'root=/dev/xvda2ro'],
  [['e', 'return'], null],
])('%j boots with the command line %j', (keys, cmdline) => {
  expect(after(menu, ...keys)).toMatchObject({ kind: 'boot', item: { path: '1>0' }, cmdline })
})

test('Esc forgets what was edited', () => {
  expect(after(menu, 'e', 'x', 'escape', 'return')).toMatchObject({ cmdline: null })
})

test('no key makes a line that has a control character, or a cursor outside of it', () => {
  const anyKey = fc.record({
    name: fc.constantFrom('left', 'right', 'home', 'end', 'backspace', 'delete', 'u', 'k', 'w', 'a', 'é', 'f5'),
    ctrl: fc.boolean(),
    sequence: fc.string({ unit: 'binary', maxLength: 3 }),
  })
  fc.assert(
    fc.property(fc.array(anyKey, { maxLength: 40 }), (keys) => {
      const line = keys.reduce(editLine, { text: 'root=/dev/xvda ro', cursor: 3 })
      return line.cursor >= 0 && line.cursor <= line.text.length && !/\p{Cc}/u.test(line.text)
    }),
  )
})

const printable = (line: string) => line.replaceAll(/\u001b\[[07]m/g, '')

test('no line is wider than the terminal, whatever a guest calls its entries', () => {
  const size = fc.record({ columns: fc.integer({ min: 21, max: 200 }), rows: fc.integer({ min: 1, max: 60 }) })
  const titles = fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(size, titles, fc.constantFrom('x', 'e'), (terminal, names, pressed) => {
      const opened = openMenu(
        names.map((name, index) => item(String(index), name, { cmdline: name })),
        3,
      )
      const lines = drawMenu(after(opened, 'end', pressed) as MenuState, names.join(), terminal).map(printable)
      return lines.every((line) => line.length < terminal.columns && !/\p{Cc}/u.test(line))
    }),
  )
})

test('looks like this', () => {
  const lines = drawMenu(menu, ' web: what to boot from /srv/web.img', { columns: 80, rows: 24 }).map((line) =>
    line.replace('\u001b[7m', '<').replace('\u001b[0m', '>').trimEnd(),
  )
  expect(lines).toEqual([
    ' web: what to boot from /srv/web.img',
    '',
    '   Debian',
    `< >   Debian, with Linux 6.1${' '.repeat(45)}>`,
    '     Debian (recovery)',
    '   Windows (!)',
    '',
    ' entry   1>0',
    ' kernel  gpt2:/boot/vmlinuz',
    ' args    root=/dev/xvda2 ro',
    ' Boots in 5 s',
    ' Up and Down choose, Enter boots, e edits the command line, q leaves',
  ])
})
