/** tetrarch(1), made from the commands themselves and the table of errors. */
import { type Command, type CommandEntry, commands } from '../../src/cli/command.ts'
import { environment } from '../../src/cli/environment.ts'
import { globalOptions, helpOption, versionOption } from '../../src/cli/global-options.ts'
import { type ErrorKind, errorTable } from '../../src/words/errors.ts'
import { definition, list, literal, page, paragraph, section, sentence, subsection } from './roff.ts'

type Option = readonly [flags: string, description: string]

/** The columns that the names of errors and commands take. */
const CODE_WIDTH = 25
const STATUS_WIDTH = 4
const NAME_WIDTH = 16

/** `-w, --wait <seconds>`: what is typed in bold, what stands for something else behind it. */
function optionLine([flags, description]: Option): string {
  const [, typed = flags, value = ''] = /^([^<[]*?) ?([<[].*)?$/.exec(flags) ?? []
  return definition(typed, value, sentence(description))
}

/** What may be left out stands for something else too: `[query]` is `[<query>]`. */
const placeholders = (usage: string): string => usage.replaceAll(/\[([^\]]+)\]/g, '[<$1>]')

const commandPart = ({ name, summary }: CommandEntry, { usage, options, details = [], examples }: Command): string =>
  subsection(
    [name, ...(options.length > 0 ? ['[options]'] : []), placeholders(usage)].filter((word) => word !== '').join(' '),
    paragraph(sentence(summary)),
    ...details.map(paragraph),
    ...options.map(optionLine),
    literal(examples.join('\n')),
  )

const loaded = await Promise.all(commands.map(async (entry) => commandPart(entry, (await entry.load()).command)))

/** An exit status, the errors that end with it, and what they mean. */
function exitStatuses(): string {
  const errors = Object.entries<ErrorKind>(errorTable).toSorted(([, one], [, other]) => one.exit - other.exit)
  const lines = errors.map(([code, { exit, title }]) => [`${String(exit).padEnd(STATUS_WIDTH)}${code}`, title] as const)
  return list(CODE_WIDTH, [['0', 'Done.'], ...lines, ['130', 'Interrupted by Ctrl-C.']])
}

const description = [
  paragraph(
    'tetrarch runs the guests of a Xen host, each in the virtualization mode that fits it (PV, PVH, HVM or PVHVM), and shows which mode that is and why. It is a client of the daemon tetrarchd(8), which does the work and goes on when the command is interrupted.',
  ),
  paragraph(
    'A guest is named by its name, its uuid, or the id of its domain. Guests that other toolstacks such as xl(1) have made are shown too; they are changed only where a command says so.',
  ),
]

const output = [
  paragraph(
    'Results go to standard output, remarks, progress and errors to standard error. A terminal gets colours and its own width; a pipe gets plain, whole lines. With --json the result is one JSON text, or one a line where results come one after another; its fields are those of the API, which docs/openapi.json describes.',
  ),
  paragraph(
    'An error says what failed and where, then the step, the cause, the fix, and what was seen. With --json it is a problem document (RFC 9457) on standard error.',
  ),
]

const files = [
  definition('/run/tetrarch/tetrarchd.sock', '', 'The daemon, for root and group tetrarch.'),
  definition(
    '/run/tetrarch/tetrarchd-ro.sock',
    '',
    'The same for group tetrarch-ro, where nothing can be changed. It is used by itself when only it may be opened.',
  ),
  definition('/etc/tetrarch/guests/NAME.cfg', '', 'Definitions of guests, see tetrarch.cfg(5).'),
  definition('/etc/tetrarch/tetrarchd.toml', '', 'Configuration of the daemon, see tetrarchd.toml(5).'),
]

const examples = [
  paragraph('A guest that is kept, started, watched and stopped:'),
  literal(
    [
      'tetrarch define ./web.cfg',
      'tetrarch explain web',
      'tetrarch create web',
      'tetrarch list',
      'tetrarch logs web',
      'tetrarch shutdown --wait web',
    ].join('\n'),
  ),
]

export const commandPage = (): string =>
  page(
    'tetrarch',
    1,
    'run Xen guests, each in the mode that fits it',
    section('Synopsis', literal('tetrarch [options] COMMAND [ARGUMENT...]\ntetrarch help [COMMAND]')),
    section('Description', ...description),
    section('Examples', ...examples),
    section(
      'Options',
      paragraph('All commands take these.'),
      ...[helpOption, ...globalOptions, versionOption].map(optionLine),
    ),
    section(
      'Commands',
      list(
        NAME_WIDTH,
        commands.map(({ name, summary }) => [name, sentence(summary)]),
      ),
    ),
    section('Commands one by one', ...loaded),
    section('Output', ...output),
    section(
      'Exit status',
      paragraph('What is printed beside the number is the code in the problem documents of the API.'),
      exitStatuses(),
    ),
    section('Environment', ...environment.map(([name, meaning]) => definition(name, '', meaning))),
    section('Files', ...files),
    section('See also', paragraph('tetrarchd(8), tetrarch.cfg(5), tetrarchd.toml(5), tetrarch-pygrub(8), xl(1)')),
  )
