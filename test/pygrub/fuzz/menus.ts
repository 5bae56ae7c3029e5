/** Menu files to be damaged: of every kind, on a volume in memory. */
import { attempt, Budget, BudgetPassed, isRefusal } from '../../../src/pygrub/disk-fault.ts'
import { listEntries } from '../../../src/pygrub/list-entries.ts'
import { taskResult } from '../../../src/pygrub/protocol.ts'
import { Report } from '../../../src/pygrub/report.ts'
import { memoryVolume } from '../menu/memory-guest.ts'
import { pick, type Random } from './random.ts'

export type Menus = Readonly<Record<string, string>>

export const menus: Readonly<Record<string, Menus>> = {
  'GRUB script': {
    '/boot/grub/grub.cfg': `set default="\${saved_entry}"
load_env
if [ x$a = x -a ! -f /gone -o "$b" != c ]; then set timeout=5; elif true; then echo no; else false; fi
function entry { menuentry "$1" --class x --id "$2" $3 { linux /vmlinuz root=$1 "\${2}"; initrd /initrd /ucode; } ; return 0; }
for i in 1 2 "3 4" ; do entry $i id$i; done
while [ $n -lt 3 ]; do set n=1\${n}; done
until test -n "$x"; do x=y; done
submenu 'more' --id m { menuentry 'in > it' { search --no-floppy --set=root --label label-gpt2; linux ($root)/vmlinuz } }
source /boot/grub/custom.cfg
configfile $prefix/custom.cfg
set fallback="0 m>0"
regexp --set 1:v "(.*)" "$a"
`,
    '/boot/grub/custom.cfg': 'source /boot/grub/custom.cfg\nmenuentry z { chainloader +1 }\nblscfg\n',
    '/boot/grub/grubenv': '# GRUB Environment Block\nsaved_entry=m>0\nnext_entry=\nkernelopts=root=x ro\n######',
    '/boot/loader/entries/a-5.14.conf':
      'title A (5.14) \nversion 5.14\nlinux /vmlinuz\ninitrd /initrd $tuned_initrd\noptions $kernelopts $x\ngrub_users $u\nid a\n',
  },
  syslinux: {
    '/boot/extlinux/extlinux.conf':
      'DEFAULT menu.c32\nPROMPT 0\nTIMEOUT 50\nINCLUDE more.conf\nMENU BEGIN x\nLABEL a\n MENU LABEL ^A\n MENU DEFAULT\n LINUX ../../vmlinuz\n INITRD /initrd,/ucode\n APPEND ro initrd=/initrd\nMENU END\nONTIMEOUT a\n',
    '/boot/extlinux/more.conf': 'include extlinux.conf\nlabel b\nkernel mboot.c32\nappend /vmlinuz --- /initrd\n',
  },
  'systemd-boot': {
    '/loader/loader.conf': 'default a-*\ntimeout menu-force\n',
    '/loader/entries/a-1+2-1.conf':
      'title A\nsort-key k\nversion 1~rc1\nlinux /vmlinuz\ninitrd /initrd\noptions a\noptions b\n',
    '/loader/entries/b.conf': 'title B\nversion 2^x.0-1\nmachine-id 12\nefi /EFI/Linux/x.efi\n',
    '/EFI/Linux/x.efi': 'MZ',
  },
  'legacy GRUB': {
    '/boot/grub/menu.lst':
      'default saved\nfallback 1\ntimeout=3\nhiddenmenu\ncolor a/b\ntitle A\n root (hd0,1)\n kernel (hd0,1)/vmlinuz ro\n initrd /initrd\n savedefault\ntitle B\nuuid uuid-gpt2\nmodule /vmlinuz\nmodule /initrd\n',
    '/boot/grub/default': '1\n#\n',
  },
}

const files = { '/vmlinuz': 'k', '/initrd': 'i', '/boot/vmlinuz': 'k2', '/boot/initrd': 'i2', '/ucode': 'u' }
const LIMITS = { bytes: 1e8, entries: 1e5, steps: 5000 }

/** Reads menus as the sandbox does, and checks the answer as its parent does. The result tells ways that were taken. */
export function readMenus(texts: Menus): readonly string[] {
  const report = new Report()
  const volumes = [
    memoryVolume('gpt1', { '/marker': '', '/vmlinuz': 'esp' }, { uuid: '1234-ABCD', label: 'ESP' }),
    memoryVolume('gpt2', { ...files, ...texts }),
  ]
  try {
    const budget = new Budget(LIMITS)
    const listed = attempt(() => listEntries({ volumes, notes: [], unread: [] }, { budget, report, kernelOf: null }))
    if (isRefusal(listed)) return [...report.lines, listed.refused]
    const parsed = taskResult.safeParse(listed)
    if (!parsed.success) throw new Error(`an answer that is refused: ${parsed.error.message}`)
    if (listed.kind !== 'list') return [...report.lines, listed.why]
    const ways = listed.entries.map(({ problem, kernel, ramdisks }) => problem ?? `${kernel} ${ramdisks.length}`)
    return [
      ...report.lines,
      `${listed.entries.length} entries`.replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!),
      ...ways,
    ]
  } catch (thrown) {
    if (thrown instanceof BudgetPassed) return [...report.lines, 'budget']
    throw thrown
  }
}

const PIECES = [
  ...[
    '{',
    '}',
    ';',
    '\n',
    '"',
    "'",
    '\\',
    '$',
    '${',
    '$(',
    '`',
    '|',
    '&&',
    '<',
    '>',
    '#',
    '\0',
    '\t',
    '\r',
    '\u0080',
    '\ud800',
    '😀',
  ],
  ...[
    'if',
    'then',
    'elif',
    'else',
    'fi',
    'for',
    'in',
    'do',
    'done',
    'while',
    'until',
    'function',
    'return',
    'break',
    'continue',
  ],
  ...[
    '[',
    ']',
    'test',
    '!',
    '-a',
    '-o',
    '-eq',
    '1>2',
    '-1',
    '99999999999999999999',
    'saved',
    '../../..',
    '/',
    '*',
    '(hd0,gpt1)',
  ],
  ...[
    'menuentry x {',
    'submenu y {',
    'source /boot/grub/grub.cfg',
    'shift',
    'setparams a b',
    'export a',
    'unset a',
    'eval',
  ],
  ...[
    'while true; do true; done',
    'a=$a$a$a$a',
    'function f { f; }; f',
    'label',
    'include',
    'title',
    '__proto__',
    'constructor',
  ],
]

/** One of the texts with pieces put in, taken out, doubled, moved, or many times as long. */
export function damagedMenus(texts: Menus, random: Random): Menus {
  const path = pick(random, Object.keys(texts))
  let text = texts[path]!
  for (let count = 1 + random(5); count > 0; count--) {
    const words = text.split(/(?<=\s)|(?=\s)/)
    const [from, to] = [random(text.length + 1), random(text.length + 1)].sort((left, right) => left - right)
    const kinds = [
      () => text.slice(0, from) + pick(random, PIECES) + text.slice(from),
      () => text.slice(0, from) + text.slice(Math.min(to!, from! + 40)),
      () => text.slice(0, to) + text.slice(from, to) + text.slice(to),
      () => words.with(random(words.length), ` ${pick(random, PIECES)} `).join(''),
      () => words.with(random(words.length), pick(random, words)).join(''),
      () => text.slice(0, from) + pick(random, PIECES).repeat(random(2000)) + text.slice(from),
    ]
    text = pick(random, kinds)().slice(0, 60_000)
  }
  return { ...texts, [path]: text }
}
