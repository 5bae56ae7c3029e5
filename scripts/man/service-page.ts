/** tetrarchd(8), made from the daemon's options and configuration, the units, and the table of errors. */
import { readFileSync } from 'node:fs'
import { DaemonConfig } from '../../src/config/daemon-config.ts'
import { daemonOptions } from '../../src/daemon/command-line.ts'
import { auditFields } from '../../src/daemon/http/audit.ts'
import { errorTable } from '../../src/words/errors.ts'
import { definition, list, literal, page, paragraph, section, sentence } from './roff.ts'

const { paths } = DaemonConfig.parse({})

/** What can keep it from starting. */
const codes = ['usage', 'config-syntax', 'config-invalid', 'xen-unavailable', 'xenstore-failed', 'internal'] as const

const units = [
  'tetrarchd.service',
  'tetrarchd.socket',
  'tetrarchd-ro.socket',
  'tetrarch-guests.service',
  'tetrarch-guests-stop.service',
] as const

/** The value of a key of a unit file. */
function unitSays(unit: string, key: string): string {
  const text = readFileSync(new URL(`../../systemd/${unit}`, import.meta.url), 'utf8')
  const value = new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]
  if (value === undefined) throw new Error(`systemd/${unit} has no ${key}=`)
  return value
}

const description = [
  paragraph(
    'tetrarchd manages the guests of a Xen dom0 through libxenlight and libxenctrl, and answers tetrarch(1) and other clients over HTTP on Unix sockets. It keeps no database: what runs is asked of Xen, what should be stands in /etc/tetrarch.',
  ),
  paragraph(
    'It may be stopped, killed, restarted and upgraded at any time. Guests, their consoles and their QEMU run on, and the next daemon takes them over; an operation that was cut off is finished or undone. Domains of xl(1) and others are shown and left alone.',
  ),
  paragraph('Guests with `autostart` start and stop with the host by tetrarch-guests.service, not with the daemon.'),
]

const socket = (unit: string, what: string): string =>
  definition(
    unitSays(unit, 'ListenStream'),
    '',
    `${what} Its owner is ${unitSays(unit, 'SocketUser')}, its group ${unitSays(unit, 'SocketGroup')}, its mode ${unitSays(unit, 'SocketMode')}.`,
  )

const sockets = [
  socket(
    'tetrarchd.socket',
    'Everything. Who may open it is as powerful as root, for a definition names any file of dom0.',
  ),
  socket('tetrarchd-ro.socket', 'What changes nothing: lists, details, events, logs, metrics. Passwords are left out.'),
  paragraph(
    'The API is HTTP/1.1 with JSON; docs/openapi.json describes it. systemd hands the sockets over and keeps them while the service restarts. Without systemd the daemon opens them itself, as [socket] of tetrarchd.toml(5) says.',
  ),
  literal('curl --unix-socket /run/tetrarch/tetrarchd.sock http://host/v1/guests'),
]

const signals = list(18, [
  [
    'SIGTERM, SIGINT',
    'Stop answering, let running requests end, and leave. Operations are cancelled and undone; guests run on.',
  ],
])

const logging = [
  paragraph(
    'The log goes to standard output, one JSON text a line, and so to the journal. Requests that change something, or would have, are journal entries with fields of their own:',
  ),
  list(
    20,
    Object.keys(auditFields({ uid: 0, gid: 0, pid: 1, method: '', target: '', status: 200, error: '', task: '' }, ''))
      .filter((name) => name.startsWith('TETRARCH_'))
      .map((name) => [name, auditMeaning(name)]),
  ),
  literal('journalctl -u tetrarchd\njournalctl TETRARCH_AUDIT=1 TETRARCH_UID=1000'),
]

function auditMeaning(name: string): string {
  const meanings: Readonly<Record<string, string>> = {
    TETRARCH_AUDIT: '1 in each of them.',
    TETRARCH_UID: 'Who asked, as the kernel says it: user id,',
    TETRARCH_GID: 'group id,',
    TETRARCH_PID: 'and process id.',
    TETRARCH_METHOD: 'PUT, POST or DELETE.',
    TETRARCH_TARGET: 'The path that was asked for.',
    TETRARCH_STATUS: 'The HTTP status of the answer.',
    TETRARCH_ERROR: 'The code of a refusal, see tetrarch(1).',
    TETRARCH_TASK: 'The operation that was begun.',
  }
  const meaning = meanings[name]
  if (meaning === undefined) throw new Error(`tetrarchd(8) has no words for the journal's field ${name}`)
  return meaning
}

const files = [
  definition('/etc/tetrarch/tetrarchd.toml', '', 'Its configuration, see tetrarchd.toml(5).'),
  definition(`${paths.guests}/NAME.cfg`, '', 'Definitions of guests, see tetrarch.cfg(5). Changes are noticed.'),
  definition(
    paths.hooks,
    '',
    'Programs that are run with each event as JSON on standard input; only those that root alone can write. See docs/events.md.',
  ),
  definition(paths.state, '', 'A record of each running guest, the memory of saved ones, and core dumps.'),
  definition(paths.cache, '', 'Extracted kernels. May be emptied at any time.'),
  definition(paths.consoleLogs, '', 'What guests said on their consoles.'),
  definition(paths.run, '', 'The sockets.'),
]

export const servicePage = (): string =>
  page(
    'tetrarchd',
    8,
    'the daemon that manages the guests of a Xen host',
    section(
      'Synopsis',
      literal(
        `systemctl start tetrarchd\ntetrarchd ${daemonOptions.map(([flags]) => `[${flags.replace(/^-h, /, '')}]`).join(' ')}`,
      ),
    ),
    section('Description', ...description),
    section('Options', ...daemonOptions.map(([flags, meaning]) => definition(flags, '', sentence(meaning)))),
    section('Sockets', ...sockets),
    section(
      'Units',
      ...units.map((unit) => definition(unit, '', sentence(unitSays(unit, 'Description').replace('Tetrarch, ', '')))),
    ),
    section('Signals', signals),
    section('Log', ...logging),
    section('Files', ...files),
    section(
      'Exit status',
      list(6, [
        ['0', 'It was told to stop.'],
        ...codes.map((code) => [String(errorTable[code].exit), errorTable[code].title] as const),
      ]),
      paragraph('systemd starts it again however it ended. Why it ended stands in the log.'),
    ),
    section(
      'See also',
      paragraph('tetrarch(1), tetrarch.cfg(5), tetrarchd.toml(5), tetrarch-pygrub(8), systemd.socket(5), xl(1)'),
    ),
  )
