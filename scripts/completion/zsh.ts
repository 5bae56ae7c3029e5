import { type CompletedCommand, type CompletedOption, completedCommands, globalOptions, settings } from './words.ts'

/** Inside of '…' and of the colons and brackets of _arguments. */
const escaped = (text: string): string => text.replaceAll(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''")

/** An option for _arguments: `'(-w --wait)'{-w,--wait}'[description]'`. */
function optionSpec({ names, description, takesValue }: CompletedOption): string {
  const text = `[${escaped(description)}]${takesValue ? ':value:_files' : ''}`
  const [only] = names
  return names.length === 1 ? `'${only ?? ''}${text}'` : `'(${names.join(' ')})'{${names.join(',')}}'${text}'`
}

function argumentSpec({ arguments: kinds }: CompletedCommand): readonly string[] {
  const first = [...(kinds.has('guest') ? ['_tetrarch_guests'] : []), ...(kinds.has('file') ? ['_files'] : [])]
  if (first.length === 0) return []
  const one = first.length === 1 ? first[0] : '_tetrarch_guests_or_files'
  return kinds.has('setting') ? [`'1:guest:${one}'`, "'*:setting:_tetrarch_settings'"] : [`'*:guest:${one}'`]
}

export function zshCompletion(): string {
  const cases = completedCommands.map((command) => {
    const specs = [...command.options.map(optionSpec), ...globalOptions.map(optionSpec), ...argumentSpec(command)]
    return `        ${command.name})\n          _arguments -s ${specs.join(' \\\n            ')} ;;`
  })
  return `#compdef tetrarch
# zsh completion for tetrarch(1); made by scripts/completion

_tetrarch_guests() {
  local -a guests
  guests=(\${(f)"$(tetrarch list 2>/dev/null | awk 'NR > 1 { print $1 }')"})
  compadd -a guests
}

_tetrarch_guests_or_files() {
  _tetrarch_guests
  _files
}

_tetrarch_settings() {
  compadd -S '' -- ${settings.join(' ')}
}

_tetrarch() {
  local context state line
  local -a commands
  commands=(
${completedCommands.map(({ name, summary }) => `    '${name}:${escaped(summary)}'`).join('\n')}
    'help:help for a command'
  )
  _arguments -C ${globalOptions.map(optionSpec).join(' \\\n    ')} \\
    '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
${cases.join('\n')}
        help) _describe command commands ;;
      esac ;;
  esac
}

if [[ $funcstack[1] == _tetrarch ]]; then _tetrarch "$@"; else compdef _tetrarch tetrarch; fi
`
}
