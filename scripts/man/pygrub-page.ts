/** tetrarch-pygrub(8), made from the table of the program's options. */
import { dropInOptionForms } from '../../src/pygrub/drop-in-options.ts'
import { errorTable } from '../../src/words/errors.ts'
import { definition, literal, page, paragraph, section } from './roff.ts'

/** What a caller can meet. */
const codes = ['usage', 'file-missing', 'boot-not-found', 'boot-loader-failed', 'cancelled'] as const

const differences: readonly (readonly [string, string])[] = [
  [
    'exit codes',
    'pygrub ends with 0 after some failures, and boots the default when --entry is not found. Here 0 always means that there is an answer.',
  ],
  [
    '--entry=NUMBER',
    'counts as GRUB does: a submenu is one entry, and 1>0 is the first inside it. pygrub counts through all entries of all submenus. tetrarch boot-entries DISK shows the paths.',
  ],
  [
    '--list-entries',
    'The line root: names the partition of the menu. An entry that boots no Linux has None for its kernel. Nothing to list is an error.',
  ],
  ['--not-really', 'names the files of the guest, where pygrub prints None.'],
  [
    'the menu',
    'Without a timeout of its own a menu waits ten seconds, not for ever: nobody may be there. q leaves, and the start fails.',
  ],
  ['--isconfig', 'is refused.'],
  ['the kernel', 'is written as the unpacked ELF file, which libxl loads several times faster.'],
  [
    'the ramdisk',
    'is written unpacked where it is packed by gzip: libxl would unpack it otherwise. Where that is not possible, four zeros stand before it, so that libxl leaves it to the guest.',
  ],
]

export const pygrubPage = (): string =>
  page(
    'tetrarch-pygrub',
    8,
    'a boot loader for guests under xl, in the place of pygrub',
    section('Synopsis', literal('/usr/lib/tetrarch/pygrub [OPTIONS] DISK')),
    section(
      'Description',
      paragraph(
        'Finds the kernel, ramdisk and command line on the disk of a PV or PVH guest, and writes them out for libxl. xl calls it when a guest says:',
      ),
      literal('bootloader = "/usr/lib/tetrarch/pygrub"\nbootloader_args = ["--quiet"]'),
      paragraph(
        'tetrarchd does not need it: it uses the same boot loader by itself, also where a definition says "pygrub". DISK is a raw image or a block device; xl makes a block device of other formats.',
      ),
      paragraph(
        'On a terminal the menu of the guest is shown, for as long as the guest’s menu says. xl gives its boot loaders a terminal, also when nobody looks at it: xl create -c shows it, and --quiet in bootloader_args saves the time. Up and Down choose, Enter boots, e edits the command line, q leaves.',
      ),
      paragraph(
        'The disk is read by a process without rights: a user id of its own, no network, no capabilities, an empty root, and limits of memory, CPU, time and file size, which stand in tetrarchd.toml(5) under [boot_loader]. What was extracted is kept in /var/cache/tetrarch/boot.',
      ),
    ),
    section('Options', ...dropInOptionForms().map(({ form, help }) => definition(form, '', help))),
    section('Differences from pygrub', ...differences.map(([term, meaning]) => definition(term, '', meaning))),
    section(
      'Exit status',
      definition('0', '', 'The answer was written.'),
      ...codes.map((code) => definition(String(errorTable[code].exit), '', errorTable[code].title)),
      paragraph(
        'Standard error then says what was looked at and why each did not do. xl keeps it in /var/log/xen/bootloader.N.log.',
      ),
    ),
    section('See also', paragraph('tetrarch.cfg(5), tetrarchd.toml(5), xl.cfg(5)')),
  )
