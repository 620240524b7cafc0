import {
  COMPLETED_COMMANDS,
  COMPLETED_FLAGS,
  SAYING_FLAGS,
  WORDS_BEHIND,
  WORDS_ONLY,
  flagsWith,
  singleQuoted,
  type CompletedFlag,
} from './words.ts';

/** What _arguments does for the value. */
function action({ values }: CompletedFlag): string {
  switch (values) {
    case 'boolean':
      return '';
    case 'interface':
      return '_start_katran_interfaces';
    case 'path':
      return '_files';
    case 'none':
      return ' ';
    default:
      return `(${values.join(' ')})`;
  }
}

/** The flag's specification for _arguments, with one dash. */
function specification(flag: CompletedFlag): string {
  const help = flag.help.replace(/[[\]\\]/g, '\\$&');
  if (flag.values === 'boolean') return singleQuoted(`-${flag.name}[${help}]`);
  const placeholder = flag.placeholder.toLowerCase().replaceAll(':', '\\:');
  return singleQuoted(`-${flag.name}=[${help}]:${placeholder}:${action(flag)}`);
}

/** For zsh 5: to be sourced after compinit, or as _start-katran in a directory of fpath. */
export function zshCompletion(): string {
  const saying = Object.entries(SAYING_FLAGS).map(([name, help]) => singleQuoted(`-${name}[${help}]`));
  return `#compdef start-katran
# zsh completion for start-katran; made by 'start-katran completion zsh'

_start_katran_interfaces() {
  local -a interfaces
  interfaces=(/sys/class/net/*(N@:t))
  compadd "$@" -a interfaces
}

_start_katran() {
  local i name dashes
  local -a commands behind specifications
  commands=(
${COMPLETED_COMMANDS.map(([name, help]) => `    ${singleQuoted(`${name}:${help}`)}`).join('\n')}
  )

  # After -- come katran's own arguments.
  if (( \${words[(I)--]} > 0 && \${words[(I)--]} < CURRENT )); then
    _files
    return
  fi

  # A boolean's value comes with = only.
  if [[ $PREFIX == -*=* ]]; then
    name=\${\${\${PREFIX%%=*}##-#}//-/_}
    case $name in
      ${flagsWith('boolean').join('|')})
        compset -P '*='
        compadd true false
        return
        ;;
    esac
  fi

  specifications=(
${[...COMPLETED_FLAGS.map(specification), ...saying].map((line) => `    ${line}`).join('\n')}
  )

  # One dash or two, _ or - in names: what stands before is read as if written like the word that is completed.
  dashes=-
  if [[ $PREFIX == --* ]]; then
    dashes=--
    specifications=(-\${^specifications})
  fi
  for (( i = 2; i <= CURRENT; i++ )); do
    [[ $words[i] == -?* ]] || continue
    name=\${\${words[i]%%=*}##-#}
    (( i == CURRENT )) && [[ $words[i] != *=* ]] && continue
    words[i]=$dashes\${name//-/_}\${words[i]#-#$name}
  done

  if [[ $words[2] == (${COMPLETED_COMMANDS.map(([name]) => name).join('|')}) && CURRENT -gt 2 ]]; then
    if [[ $PREFIX != -* ]]; then
      behind=()
      case $words[2] in
${WORDS_BEHIND.map(([command, list]) => `        ${command}) behind=(${list.join(' ')}) ;;`).join('\n')}
      esac
      (( CURRENT == 3 && $#behind > 0 )) && _describe word behind
      [[ $words[2] == (${WORDS_ONLY.join('|')}) ]] && return
      if [[ $words[2] == services && $words[3] == restore ]] && (( CURRENT == 4 )); then
        _files
        return
      fi
    fi
    shift words
    (( CURRENT-- ))
  elif (( CURRENT == 2 )) && [[ $PREFIX != -* ]]; then
    _describe command commands
    [[ -n $PREFIX ]] && return
  fi

  _arguments -M 'm:-=_ r:|[_-]=* r:|=*' $specifications
}

# As a file of fpath the whole script is the function; sourced, it only says which one completes start-katran.
if [[ $funcstack[1] == _start-katran ]]; then
  _start_katran "$@"
else
  compdef _start_katran start-katran
fi
`;
}
