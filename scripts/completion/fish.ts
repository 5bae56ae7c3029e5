import { type CompletedOption, commandsTaking, completedCommands, globalOptions, settings } from './words.ts'

const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`

function optionLine(condition: string, { names, description, takesValue }: CompletedOption): string {
  const words = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  return `complete -c tetrarch${condition} ${words.join(' ')}${takesValue ? ' -r' : ''} -d ${quoted(description)}`
}

const after = (names: readonly string[]): string => ` -n '__fish_seen_subcommand_from ${names.join(' ')}'`

export function fishCompletion(): string {
  const all = completedCommands.map(({ name }) => name)
  return `# fish completion for tetrarch(1); made by scripts/completion

function __tetrarch_guests
  tetrarch list 2>/dev/null | awk 'NR > 1 { print $1 }'
end

complete -c tetrarch -f
${globalOptions.map((option) => optionLine('', option)).join('\n')}
${completedCommands
  .map(({ name, summary }) => `complete -c tetrarch -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`)
  .join('\n')}
complete -c tetrarch -n __fish_use_subcommand -a help -d 'help for a command'
complete -c tetrarch${after(['help'])} -a ${quoted(all.join(' '))}
complete -c tetrarch${after(commandsTaking('guest'))} -a '(__tetrarch_guests)'
complete -c tetrarch${after(commandsTaking('file'))} -F
complete -c tetrarch${after(commandsTaking('setting'))} -a ${quoted(settings.join(' '))}
${completedCommands.flatMap(({ name, options }) => options.map((option) => optionLine(after([name]), option))).join('\n')}
`
}
