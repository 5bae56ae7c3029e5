import { Command as Program, type CommanderError } from 'commander'
import { errorTable, fail } from '../words/errors.ts'
import { version } from '../words/version.ts'
import { type Command, type Given, commands } from './command.ts'
import type { GlobalOptions } from './context.ts'
import { globalOptions, helpOption, versionOption } from './global-options.ts'
import { labelled, wrap } from '../words/wrap.ts'

/**
 * The command line, with the options and help of the command that it names; the others stay unloaded. Where it begins
 * with a command, that is the only one: to describe all of them takes longer than most commands do.
 */
export async function createProgram(argv: readonly string[]): Promise<Program> {
  const program = new Program('tetrarch')
    .description('Runs Xen guests, each in the virtualization mode that fits it, and shows which that is.')
    .version(version, ...versionOption)
    .helpOption(...helpOption)
    .helpCommand('help [command]', 'help for a command')
    .addHelpText('after', afterHelp)
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .exitOverride()
    .configureOutput({ outputError: () => undefined, writeErr: () => undefined })
  const first = firstWord(argv)
  const named = [first, ...argv].find((word) => commands.some(({ name }) => name === word))
  for (const entry of named !== undefined && named === first
    ? commands.filter(({ name }) => name === named)
    : commands) {
    const added = program
      .command(entry.name)
      .summary(entry.summary)
      .description(capitalized(`${entry.summary}.`))
    withGlobalOptions(added)
    if (entry.name === named) configure(added, (await entry.load()).command)
  }
  return withGlobalOptions(program)
}

/** The first word that is neither a global option nor its value; none where help is asked for before it. */
function firstWord(argv: readonly string[]): string | undefined {
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? ''
    if (!word.startsWith('-')) return word
    if (helpOption[0].split(', ').includes(word)) return undefined
    if (word === '--socket') index += 1
  }
  return undefined
}

const withGlobalOptions = (program: Program): Program =>
  globalOptions.reduce((each, [flags, description]) => each.option(flags, description), program)

function configure(program: Program, { usage, options, details, examples, run }: Command): void {
  if (usage !== '') program.arguments(usage)
  for (const [flags, description] of options) program.option(flags, description)
  program.addHelpText('after', () => {
    const paragraphs = (details ?? []).map((paragraph) => ['', ...wrap(paragraph, HELP.width)].join('\n'))
    return [...paragraphs, '\nExamples:', ...examples.map((line) => `  ${line}`)].join('\n')
  })
  program.action(async () => {
    // Loaded here, so that help and mistakes need no client.
    const { createContext } = await import('./context.ts')
    const given = program.optsWithGlobals<Record<string, unknown>>()
    using context = createContext(givenOptions(given))
    await run(context, givenTo(program.args, given))
  })
}

function givenTo(args: readonly string[], options: Readonly<Record<string, unknown>>): Given {
  return {
    args,
    flag: (name) => options[name] === true,
    isOff: (name) => options[name] === false,
    text: (name) => {
      const value = options[name]
      return typeof value === 'string' ? value : null
    },
  }
}

const givenOptions = (given: Readonly<Record<string, unknown>>): GlobalOptions => ({
  socket: typeof given['socket'] === 'string' ? given['socket'] : null,
  json: given['json'] === true,
  quiet: given['quiet'] === true,
})

/** A mistake on the command line, as an error of ours; commander's texts end in its own suggestion. */
export async function usageError({ code, message }: CommanderError): Promise<Error> {
  if (code === 'commander.help') return fail('usage', { what: 'no command was given', fix: 'see: tetrarch --help' })
  const [what = '', suggestion] = message.replace(/^error: /, '').split('\n')
  const verb = /^unknown command '(.*)'$/.exec(what)?.[1]
  const { translate } = await import('./translations/translate.ts')
  const translated = verb === undefined ? undefined : translate(verb)
  const fix = translated ?? (suggestion === undefined ? 'see: tetrarch --help' : suggestion.replace(/^\((.*)\)$/, '$1'))
  return fail('usage', { what, fix: fix.replace(/^D/, 'd') })
}

/** What the exit status says, from the table of errors. */
function afterHelp(): string {
  const kinds = Object.entries(errorTable).toSorted(([, one], [, other]) => one.exit - other.exit)
  const statuses = Map.groupBy(kinds, ([, { exit }]) => exit)
  const line = (exit: number, text: string) => labelled(String(exit).padStart(3), text, { ...HELP, labelWidth: 3 })
  return [
    '',
    'Exit status:',
    line(0, 'done'),
    ...[...statuses].map(([exit, codes]) => line(exit, codes.map(([code]) => code).join(', '))),
    line(130, 'interrupted by Ctrl-C'),
    '',
    'What the codes mean stands in tetrarch(1) and docs/openapi.json.',
  ].join('\n')
}

/** How help is laid out. */
const HELP = { indent: 2, width: 80 }

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
