import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { Budget, BudgetPassed, isRefusal } from '../../../src/pygrub/disk-fault.ts'
import { allEntries, defaultEntry, entryNamed } from '../../../src/pygrub/menu/choose.ts'
import { readGrubMenu } from '../../../src/pygrub/menu/grub/grub-menu.ts'
import { extendedExpression } from '../../../src/pygrub/menu/grub/regexp.ts'
import { memoryVolume } from './memory-guest.ts'

const budget = () => new Budget({ bytes: 1e9, entries: 1e6, steps: 20_000 })
const kernels = { '/vmlinuz': 'k', '/initrd': 'i', '/boot/vmlinuz': 'k2', '/boot/initrd': 'i2', '/ucode': 'u' }

function read(script: string, files: Record<string, string> = {}) {
  const noted: string[] = []
  const volume = memoryVolume(
    'gpt2',
    { ...kernels, ...files, '/boot/grub/grub.cfg': script },
    { uuid: 'ab-CD', label: 'root' },
  )
  const other = memoryVolume('gpt1', { '/efi/marker': '', '/vmlinuz': 'esp' }, { uuid: '1234-ABCD', label: 'ESP' })
  const options = { volumes: [other, volume], budget: budget(), note: (text: string) => noted.push(text) }
  const menu = readGrubMenu(volume, '/boot/grub/grub.cfg', options)
  return { menu, noted }
}

/** What boots by default: the kernel's path and command line, or the reason why nothing does. */
function booted(script: string, files: Record<string, string> = {}): string {
  const { menu } = read(script, files)
  if (isRefusal(menu)) return menu.refused
  const entry = defaultEntry(menu)
  const boot = isRefusal(entry) ? entry : entry.boot()
  if (isRefusal(boot)) return boot.refused
  const ramdisks = boot.ramdisks.map(({ path }) => ` +${path}`).join('')
  return `${boot.kernel.volume.name}:${boot.kernel.path}${ramdisks} ${boot.cmdline}`.trimEnd()
}

const entry = (title: string, cmdline: string, options = '') =>
  `menuentry '${title}' ${options} {\n linux /vmlinuz ${cmdline}\n}\n`
const grubenv = (...lines: string[]) => `${['# GRUB Environment Block', ...lines].join('\n')}\n####`

describe('what a script boots', () => {
  test.each([
    ['the first entry', entry('a', '1') + entry('b', '2'), 'gpt2:/vmlinuz 1'],
    ['default by number', `set default=1\n${entry('a', '1')}${entry('b', '2')}`, 'gpt2:/vmlinuz 2'],
    ['default by title', `set default="b c"\n${entry('a', '1')}${entry('b c', '2')}`, 'gpt2:/vmlinuz 2'],
    [
      'default by id',
      `default=x1\n${entry('a', '1')}${entry('b', '2', "$menuentry_id_option 'x1'")}`,
      'gpt2:/vmlinuz 2',
    ],
    [
      'default by path',
      `set default="1>second"\n${entry('a', '1')}submenu 's' {\n${entry('first', '2')}${entry('second', '3')}}`,
      'gpt2:/vmlinuz 3',
    ],
    [
      'default by ids down a path',
      `set default="adv>b"\n${entry('a', '1')}submenu 's' --id adv {\n${entry('x', '2')}${entry('y', '3', '--id=b')}}`,
      'gpt2:/vmlinuz 3',
    ],
    ['a submenu as default', `submenu s {\n${entry('x', '2')}}`, 'gpt2:/vmlinuz 2'],
    ['several initrds', "menuentry a{\nlinux /vmlinuz\ninitrd /ucode '/initrd'\n}", 'gpt2:/vmlinuz +/ucode +/initrd'],
    ['a tab before the brace', "menuentry 'a'\t{\n\tlinux\t/vmlinuz  ro   quiet\n}", 'gpt2:/vmlinuz ro quiet'],
    ['linuxefi and initrdefi', 'menuentry a {\nlinuxefi /vmlinuz x\ninitrdefi /initrd\n}', 'gpt2:/vmlinuz +/initrd x'],
    [
      'a value with an equals sign',
      'set x="a=b"\nmenuentry a { linux /vmlinuz $x "${x} c" }',
      'gpt2:/vmlinuz a=b "a=b c"',
    ],
    ['quotes for the kernel', `menuentry a { linux /vmlinuz 'x="a b"' }`, String.raw`gpt2:/vmlinuz "x=\"a b\""`],
    ['a path with a device', 'menuentry a { linux (hd0,gpt1)/vmlinuz }', 'gpt1:/vmlinuz'],
    [
      'search by uuid, any case',
      'search --fs-uuid --set=root 1234-abcd\nmenuentry a { linux /vmlinuz }',
      'gpt1:/vmlinuz',
    ],
    ['search by label', 'search -l --set=r ESP\nmenuentry a { linux ($r)/vmlinuz }', 'gpt1:/vmlinuz'],
    ['search by file', 'search.file /efi/marker here\nmenuentry a { linux ($here)/vmlinuz }', 'gpt1:/vmlinuz'],
    ['a joined line', 'menuentry a {\nlinux /vmlinuz one \\\n two\n}', 'gpt2:/vmlinuz one two'],
    ['comments', '# menuentry x {\nmenuentry a { # no\n linux /vmlinuz a#b # c\n}', 'gpt2:/vmlinuz a#b'],
    [
      'if and elif',
      'if [ a = b ]; then x=1; elif test -n "y"; then x=2; else x=3; fi\nmenuentry a { linux /vmlinuz $x }',
      'gpt2:/vmlinuz 2',
    ],
    [
      'tests of files',
      'if [ -f /vmlinuz -a ! -e /none -a -d /boot ]; then x=1; fi\nmenuentry a { linux /vmlinuz $x }',
      'gpt2:/vmlinuz 1',
    ],
    [
      'for with break',
      'for i in 1 2 3; do x=$x$i; if [ $i = 2 ]; then break; fi; done\nmenuentry a { linux /vmlinuz $x }',
      'gpt2:/vmlinuz 12',
    ],
    ['while', 'x=a\nwhile [ $x != aaaa ]; do x=a$x; done\nmenuentry a { linux /vmlinuz $x }', 'gpt2:/vmlinuz aaaa'],
    ['until', 'until [ x$x = xaa ]; do x=a$x; done\nmenuentry a { linux /vmlinuz $x }', 'gpt2:/vmlinuz aa'],
    [
      'functions with arguments',
      'function f {\n y="$2$1"\n}\nf one two\nmenuentry a { linux /vmlinuz $y }',
      'gpt2:/vmlinuz twoone',
    ],
    ['an unquoted list of words', 'x="a  b"\nmenuentry a { linux /vmlinuz $x }', 'gpt2:/vmlinuz a b'],
    [
      'entries made in a loop',
      'for k in a b; do menuentry "$k" "/boot/vmlinuz" { linux $2 $1 }; done',
      'gpt2:/boot/vmlinuz a',
    ],
  ])('%s', (_, script, expected) => {
    expect(booted(script)).toBe(expected)
  })

  test('what another file holds, by source and by configfile', () => {
    const files = {
      '/boot/grub/custom.cfg': entry('c', 'custom'),
      '/other.cfg': `set default=1\n${entry('x', '1')}${entry('y', '2')}`,
    }
    expect(booted('source $prefix/custom.cfg', files)).toBe('gpt2:/vmlinuz custom')
    expect(booted(`${entry('a', '1')}configfile /other.cfg`, files)).toBe('gpt2:/vmlinuz 2')
    expect(booted("menuentry 'other' { configfile /other.cfg }", files)).toBe('gpt2:/vmlinuz 2')
  })

  test('what the environment block says: saved and next entry', () => {
    const script = `load_env\nif [ "$next_entry" ]; then set default="$next_entry"\nset next_entry=\nsave_env next_entry\nelse set default="$saved_entry"\nfi\n${entry('a', '1')}${entry('b c', '2')}${entry('d', '3')}`
    expect(booted(script, { '/boot/grub/grubenv': grubenv('saved_entry=b c') })).toBe('gpt2:/vmlinuz 2')
    const files = { '/boot/grub/grubenv': grubenv('saved_entry=b c', 'next_entry=d') }
    expect(booted(script, files)).toBe('gpt2:/vmlinuz 3')
    expect(read(script, files).noted.join()).toContain('not written')
  })
})

describe('what cannot be booted is told', () => {
  test.each([
    ['a missing kernel', 'menuentry a { linux /none }', 'gpt2:/none: not found'],
    ['a missing ramdisk', 'menuentry a { linux /vmlinuz\ninitrd /none }', 'gpt2:/none: not found'],
    ['a missing device', 'menuentry a { linux (hd0,gpt7)/vmlinuz }', 'no device'],
    ['another system', 'menuentry Windows { chainloader (hd0,1)+1 }', 'no Linux kernel'],
    ['an empty script', '\n\n', 'has no entries'],
  ])('%s', (_, script, expected) => {
    expect(booted(script)).toContain(expected)
  })

  test('lines that cannot be understood, with their number, and the rest is read', () => {
    const { menu, noted } = read(`\nfoo && bar\nunknown_command x\n${entry('a', '1')}menuentry 'never closed {`)
    expect(isRefusal(menu) ? [] : menu.entries.map(({ title }) => title)).toEqual(['a'])
    for (const line of ['line 2: "&&"', 'line 3: "unknown_command"', 'line 7: a quote'])
      expect(noted.join()).toContain(line)
  })

  test('a default that is no entry: the first boots, as in GRUB, and it is noted', () => {
    const { noted } = read(`set default=gone\n${entry('a', '1')}`)
    expect(booted(`set default=gone\n${entry('a', '1')}`)).toBe('gpt2:/vmlinuz 1')
    expect(noted.join()).toContain('"gone"')
  })
})

describe('a hostile script only fails', () => {
  test.each([
    ['an endless loop', 'while true; do x=1; done'],
    ['an endless loop of nothing', 'until false; do true; done'],
    [
      'loops in loops',
      'for a in 1 2 3 4 5 6 7 8 9; do for b in 1 2 3 4 5 6 7 8 9; do for c in 1 2 3 4 5 6 7 8 9; do for d in 1 2 3 4 5 6 7 8 9; do for e in 1 2 3 4 5 6; do x=1; done; done; done; done; done',
    ],
  ])('%s uses up the budget', (_, script) => {
    expect(() => read(script)).toThrow(BudgetPassed)
  })

  test.each([
    ['a function that calls itself', 'function f { f; }\nf', 'nested too deeply'],
    ['a file that sources itself', 'source /boot/grub/grub.cfg', 'nested too deeply'],
    ['a file that shows itself', 'configfile /boot/grub/grub.cfg', 'nested too deeply'],
    ['an entry that shows its own menu', 'menuentry a { configfile /boot/grub/grub.cfg }', 'nested too deeply'],
    ['a variable that doubles', 'x=aaaaaaaa\nwhile true; do x=$x$x; done', 'too long'],
  ])('%s is stopped', (_, script, expected) => {
    expect(booted(script)).toContain(expected)
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is a word like others', (word) => {
    const script = `if [ ${word} x -o a ${word} b ]; then true; fi
search ${word} /vmlinuz
search --set=r -u ${word}
${word}=v
${word} x
`
    expect(booted(`${script}menuentry a --${word} --id ${word} { linux /vmlinuz $${word} }`)).toBe('gpt2:/vmlinuz v')
  })

  test('deep nesting of blocks, parentheses and words is refused', () => {
    expect(booted('if true; then '.repeat(5000))).toContain('no entries')
    expect(booted(`if [ ${'( '.repeat(5000)} ]; then x=1; fi\n`)).toContain('too many words')
    expect(booted('{'.repeat(5000))).toContain('no entries')
  })
})

test('a CD and the image in it that firmware boots are told apart by their names', () => {
  const script = 'search --set=root --file /boot/vmlinuz\nmenuentry a { linux /boot/vmlinuz }\n'
  const image = memoryVolume('eltorito1', { '/EFI/x/grub.cfg': script, '/vmlinuz': 'small', '/image': '' })
  const cd = memoryVolume('disk', { '/boot/vmlinuz': 'k', '/vmlinuz': 'large' })
  const bootedFrom = (text: string) => {
    const menu = readGrubMenu(memoryVolume('eltorito1', { '/EFI/x/grub.cfg': text }), '/EFI/x/grub.cfg', {
      volumes: [cd, image],
      budget: budget(),
      note: () => undefined,
    })
    const entry_ = isRefusal(menu) ? menu : defaultEntry(menu)
    const boot = isRefusal(entry_) ? entry_ : entry_.boot()
    return isRefusal(boot) ? boot.refused : `${boot.kernel.volume.name}:${boot.kernel.path}`
  }
  expect(bootedFrom(script)).toBe('disk:/boot/vmlinuz')
  expect(bootedFrom('search --set=root --file /image\nmenuentry a { linux /vmlinuz }\n')).toBe('eltorito1:/vmlinuz')
  expect(bootedFrom('menuentry a { linux /vmlinuz }\n')).toBe('eltorito1:/vmlinuz')
})

describe('a regular expression', () => {
  /** regex(7) as grep has it. */
  const grep = (expression: string, text: string) =>
    spawnSync('grep', ['-qE', '-e', expression], { input: `${text}\n`, env: { LC_ALL: 'C' } }).status === 0

  test.each([
    ['^6\\.[0-9]+', ['6.1', '6x1', '16.1', '6.']],
    ['[[:alpha:]_]+[^[:digit:]]$', ['linux', 'a1', '_-', '']],
    ['[]\\[]x', [']x', '[x', '\\x', 'x']],
    ['(a|bc)*d{2,3}', ['dd', 'abcddd', 'ad', 'bd']],
    ['a.c|^$', ['a c', 'abd', '']],
  ])('%s matches what it matches for grep', (expression, texts) => {
    for (const text of texts)
      expect([text, extendedExpression(expression)?.test(text)]).toEqual([text, grep(expression, text)])
  })

  test.each(['(?=a)', 'a*?', '[', '(', '[[:constructor:]]', '\\d'])('%s is not understood', (expression) => {
    expect(extendedExpression(expression)).toBeNull()
  })

  test.each(['(a*)*b', '((a|b)x)*', '((x?y))+', '.*.*.*.*.*.*b', `${'(a|a)'.repeat(40)}b`])(
    '%s is not tried: it could take for ever',
    (expression) => {
      const { noted } = read(`regexp "${expression}" "${'a'.repeat(40)}"\n${entry('a', '1')}`)
      expect(noted).toEqual([expect.stringContaining('a regular expression that is not understood') as string])
    },
  )

  test('decides a branch, and its parts become variables', () => {
    const script = (command: string) =>
      `set words=no\nif ${command}; then set words="$major-$minor"; fi\n${entry('a', '$words')}`
    expect(booted(script('regexp --set 1:major --set=2:minor "^([0-9]+)[.]([0-9]+)" "6.1.0-13"'))).toBe(
      'gpt2:/vmlinuz 6-1',
    )
    expect(booted(script('regexp --set=major "(x)" 6.1'))).toBe('gpt2:/vmlinuz no')
  })
})

test('an entry is found by number, title, id or path, wherever it is', () => {
  const { menu } = read(
    `${entry('a', '1')}submenu 'more' {\n${entry('b', '2', '--id deep')}submenu x {\n${entry('c>d', '3')}}}`,
  )
  if (isRefusal(menu)) throw new Error(menu.refused)
  const found = (wanted: string) => {
    const named = entryNamed(menu, wanted)
    return isRefusal(named) ? named.refused : named.path
  }
  expect(['0', 'a', '1>0', 'deep', 'b', 'more>deep', '1', 'c>d', '1>1>0', 'more>x>c>>d'].map(found)).toEqual([
    '0',
    '0',
    '1>0',
    '1>0',
    '1>0',
    '1>0',
    '1>0',
    '1>1>0',
    '1>1>0',
    '1>1>0',
  ])
  expect(found('9')).toContain('no entry')
  expect([...allEntries(menu)].map(({ title }) => title)).toEqual(['a', 'b', 'c>d'])
})
