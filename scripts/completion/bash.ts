import { commandsTaking, completedCommands, globalOptions, optionWords, settings } from './words.ts'

export function bashCompletion(): string {
  const names = completedCommands.map(({ name }) => name).join(' ')
  const global = optionWords(globalOptions)
  return `# bash completion for tetrarch(1); made by scripts/completion

_tetrarch_guests() {
  tetrarch list 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_tetrarch() {
  local word=\${COMP_WORDS[COMP_CWORD]} command= options= index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      --socket) ((index++)) ;;
      -*) ;;
      *) command=\${COMP_WORDS[index]}; break ;;
    esac
  done
  case $command in
    '') mapfile -t COMPREPLY < <(compgen -W '${names} help ${global}' -- "$word"); return ;;
${completedCommands.map(({ name, options }) => `    ${name}) options='${optionWords(options)}' ;;`).join('\n')}
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options ${global}" -- "$word")
    return
  fi
  case $command in
    ${commandsTaking('setting').join('|')})
      if ((COMP_CWORD > index + 1)); then
        compopt -o nospace
        mapfile -t COMPREPLY < <(compgen -W '${settings.join(' ')}' -- "$word")
        return
      fi ;;
  esac
  case $command in
    ${commandsTaking('guest').join('|')}) mapfile -t COMPREPLY < <(compgen -W "$(_tetrarch_guests)" -- "$word") ;;
  esac
  case $command in
    ${commandsTaking('file').join('|')}) compopt -o filenames; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word") ;;
  esac
}

complete -F _tetrarch tetrarch
`
}
