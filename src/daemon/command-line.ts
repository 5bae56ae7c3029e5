import { parseArgs } from 'node:util'
import { fail } from '../words/errors.ts'
import { labelled } from '../words/wrap.ts'

export interface CommandLine {
  readonly config: string
  /** Where `--simulate` listens and keeps its files; null on Xen. */
  readonly simulateIn: string | null
  readonly show: 'help' | 'version' | null
}

/** What the daemon can be told, for its help and tetrarchd(8). */
export const daemonOptions: readonly (readonly [flags: string, description: string])[] = [
  ['--config FILE', "the daemon's configuration (default /etc/tetrarch/tetrarchd.toml)"],
  [
    '--simulate[=DIR]',
    'no Xen: a host in memory, for people who write clients; listens on DIR/tetrarchd.sock (default: a new folder, which is printed)',
  ],
  ['--version', 'print the version'],
  ['-h, --help', 'print this'],
]

const HELP = { indent: 2, labelWidth: 16, width: 80 }

/** The text of --help. */
export const USAGE = `Usage: tetrarchd [options]

The daemon of tetrarch: manages the guests of a Xen dom0 and answers on a Unix socket.

${daemonOptions.map(([flags, description]) => labelled(flags, description, HELP)).join('\n')}

Run by systemd as tetrarchd.service. Talk to it with tetrarch(1).
`

/** Throws `usage` for words that are not an option. */
export function readCommandLine(args: readonly string[]): CommandLine {
  try {
    const { values } = parseArgs({
      // parseArgs has no option whose value may be left out; the empty value says so.
      args: args.map((arg) => (arg === '--simulate' ? '--simulate=' : arg)),
      options: {
        config: { type: 'string', default: '/etc/tetrarch/tetrarchd.toml' },
        simulate: { type: 'string' },
        version: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    const show = values.help === true ? 'help' : values.version === true ? 'version' : null
    return { config: values.config, simulateIn: values.simulate ?? null, show }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw fail(
      'usage',
      { what: 'tetrarchd was started with options it does not have', why, fix: 'tetrarchd --help' },
      { cause },
    )
  }
}
