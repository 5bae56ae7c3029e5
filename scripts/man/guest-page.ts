/** tetrarch.cfg(5), made from the key table. */
import { shutdownActions } from '../../src/config/guest-spec.ts'
import type { KeyRow } from '../../src/config/keys/row.ts'
import { everyMode } from '../../src/config/keys/row.ts'
import { keySections } from '../../src/config/keys/table.ts'
import { definition, literal, page, paragraph, section, subsection } from './roff.ts'

const description = [
  paragraph(
    'A guest is defined by a file in /etc/tetrarch/guests/, in the syntax of xl.cfg(5). Files that xl takes load with the same meaning, so that a definition can be used with both. Keys that are tetrarch’s own are ones that xl ignores.',
  ),
  paragraph(
    'What xl drops without a word, such as an unknown key, loads here with a warning that names line, column and key. What xl refuses is refused, with the place. tetrarch lint shows both before a guest is started.',
  ),
]

const grammar = [
  literal(
    [
      'KEY = VALUE     one setting to a line, or several separated by ";"',
      'KEY += VALUE    adds to the text or list given before',
      '# …             a comment, to the end of the line',
    ].join('\n'),
  ),
  paragraph(
    'A value is a text in single or double quotes, a number (decimal, 0x hexadecimal, or octal with a leading 0), or a list of values in brackets, over any number of lines. A value begins on the line of its "=". The last assignment of a key counts. In texts, \\n, \\t, \\\\ and quotes after a backslash are read as usual; \\x is refused, and octal escapes vanish.',
  ),
  paragraph(
    'A BOOLEAN is a number: 0 is no, any other is yes. An ACTION is one of: ' + shutdownActions.join(', ') + '.',
  ),
]

const modes = [
  paragraph('The key mode names the mode. Without it, the mode follows from the keys that xl has:'),
  literal(
    [
      'type="pv"                          pv',
      'type="pvh"                         pvh',
      'type="pvh", pvshim=1               pv-in-pvh',
      'type="hvm"                         pvhvm',
      'type="hvm", xen_platform_pci=0     hvm',
      'builder="hvm"                      as type="hvm"',
      'none of them                       pv, with a warning',
    ].join('\n'),
  ),
]

const devices = [
  subsection(
    'Disks',
    paragraph(
      '"[format=F,]vdev=DEV[,OPTION…],target=PATH", target last, for it takes the rest of the text; or the places TARGET,FORMAT,DEV,ACCESS.',
    ),
    definition('format=', 'raw | qcow | qcow2 | vhd | qed', 'What the file holds; raw unless given.'),
    definition('vdev=', 'DEV', 'The device in the guest: xvda, sda1, hdc.'),
    definition('access=', 'ro | rw', 'rw unless given; r and w are other spellings.'),
    definition(
      'devtype=',
      'cdrom | disk',
      'A CD drive is read-only, and empty without a target. "cdrom" alone is the same.',
    ),
    definition(
      'backendtype=',
      'phy | qdisk | tap | standalone',
      'Who serves it; libxl chooses unless given. qdisk is a QEMU process.',
    ),
    definition('backend=', 'DOMAIN', 'The domain that serves it; dom0 unless given.'),
    definition('script=', 'SCRIPT', 'The hotplug script that makes the block device of the target.'),
    definition('discard, no-discard, direct-io-safe, trusted, untrusted', '', 'Options that stand alone.'),
    paragraph(
      'Old prefixes still work: phy: file: tap: tap2: aio: tapdisk: ioemu: mean nothing, raw: qcow: qcow2: vhd: are formats, iscsi: nbd: enbd: drbd: are scripts. After one of them no format is given.',
    ),
  ),
  subsection(
    'Network interfaces',
    paragraph('"KEY=VALUE,…", where an empty text is an interface with everything as libxl decides.'),
    definition('mac= bridge= vifname= script= ip= gatewaydev= backend=', '', 'As in xl-network-configuration(5).'),
    definition('type=', 'vif | ioemu', 'A PV interface alone, or with an emulated one.'),
    definition('model=', 'CARD', 'The emulated card: e1000, rtl8139.'),
    definition('rate=', 'SPEED[@INTERVAL]', 'A limit for what the guest sends: 10Mb/s, 1MB/s@20ms.'),
    definition('mtu= devid= trusted untrusted', '', 'As in xl-network-configuration(5).'),
  ),
]

/** What test/config/corpus/deliberate.ts lists, for those who use both. */
const differences = [
  definition(
    'Loads here, and xl refuses it:',
    '',
    'lines that end in CR LF, a byte order mark, True and False, a last line that is a comment without a newline; each with a warning. A PV or PVH guest without kernel and bootloader, whose kernel is then looked for on its disk.',
  ),
  definition(
    'Is refused here, and xl takes it:',
    '',
    'a guest name with other characters than letters, digits and . _ + -; a disk that is no CD drive and has no target; keys of the section on what is not supported. libxl refuses most of these later, at the create.',
  ),
  definition(
    'Files in /tmp and /var/tmp',
    '',
    'are not found: the service has folders of its own there. xl finds them.',
  ),
  definition(
    'bootloader',
    '',
    'tetrarch runs it itself before the create, so that xl list -l shows the kernel that was found.',
  ),
  definition('cpus, cpus_soft', '', 'They count in a definition without vcpus and maxvcpus too; xl drops them there.'),
  definition('rdm', '', 'A policy in it counts; xl 4.17 drops an rdm that has one.'),
  definition('usbdev', '', 'type=hostdev may be left out; xl makes no device then.'),
  definition('p9', '', 'Each share has its own backend; xl gives it that of the share before.'),
  definition('vif', '', 'A mac that cannot be read is left out as a whole; xl takes the bytes before the mistake.'),
]

const example = [
  literal(
    [
      'name = "web"',
      'mode = "auto"',
      'memory = 1024',
      'vcpus = 2',
      'bootloader = "pygrub"',
      'disk = [ "vdev=xvda,target=/dev/vg/web" ]',
      'vif = [ "bridge=xenbr0" ]',
      'autostart = 1',
      'start_after = [ "db" ]',
    ].join('\n'),
  ),
]

function meaning({ says, modes: inModes, since, own, instead, support }: KeyRow): string {
  const parts = [says]
  if (inModes.length < everyMode.length) parts.push(`For ${inModes.join(', ')}.`)
  if (since !== undefined) parts.push(`Since Xen ${since}.`)
  if (own) parts.push('tetrarch’s own.')
  if (support === 'ignored') parts.push('Loads with a warning.')
  if (instead !== undefined) parts.push(`Better: ${instead}.`)
  return parts.join(' ')
}

const keys = keySections.map(({ title, rows }) =>
  subsection(
    title,
    ...rows.map((row) =>
      definition(
        row.name,
        row.support === 'must' || row.support === 'should' ? `= ${row.codec.form}` : '',
        meaning(row),
      ),
    ),
  ),
)

export const guestPage = (): string =>
  page(
    'tetrarch.cfg',
    5,
    'definition of a Xen guest',
    section('Description', ...description),
    section('Syntax', ...grammar),
    section('Modes', ...modes),
    section('Keys', ...keys),
    section('Device specifications', ...devices),
    section('Differences from xl', ...differences),
    section('Files', definition('/etc/tetrarch/guests/NAME.cfg', '', 'One guest each; NAME is the guest’s name.')),
    section('Example', ...example),
    section(
      'See also',
      paragraph(
        'tetrarch(1), tetrarchd.toml(5), xl.cfg(5), xl-disk-configuration(5), xl-network-configuration(5), xl-pci-configuration(5)',
      ),
    ),
  )
