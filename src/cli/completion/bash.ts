import {
  COMPLETED_COMMANDS,
  COMPLETED_FLAGS,
  SAYING_FLAGS,
  WORDS_BEHIND,
  WORDS_ONLY,
  flagsWith,
  flagsWithChoices,
} from './words.ts';

const words = (list: readonly string[]): string => list.join(' ');

function choiceCases(): string {
  return flagsWithChoices()
    .map(([name, choices]) => `    ${name}) words='${words(choices)}' ;;`)
    .join('\n');
}

function wordCases(): string {
  return WORDS_BEHIND.map(([command, behind]) => `        ${command}) behind='${words(behind)}' ;;`).join(
    '\n',
  );
}

/**
 * For bash 4 and later, with and without the bash-completion package. Bash cuts words at `=`, so `-name=value` arrives as
 * three of them, or as one where `=` was taken out of COMP_WORDBREAKS: both are understood.
 */
export function bashCompletion(): string {
  const names = words([...COMPLETED_FLAGS.map(({ name }) => name), ...Object.keys(SAYING_FLAGS)]);
  return `# bash completion for start-katran; made by 'start-katran completion bash'

_start_katran_files() { # beginning of the path, what to put before each path
  local file
  compopt -o filenames 2>/dev/null
  while IFS= read -r file; do
    COMPREPLY+=("$2$file")
  done < <(compgen -f -- "$1")
}

_start_katran_values() { # flag, beginning of the value, what to put before each value
  local words='' beginning=$2 candidate
  case $1 in
    ${flagsWith('boolean').join('|')}) words='true false' ;;
    ${flagsWith('interface').join('|')})
      for candidate in /sys/class/net/*; do
        [[ -L $candidate ]] && words+=" \${candidate##*/}"
      done
      ;;
    ${flagsWith('path').join('|')})
      _start_katran_files "$beginning" "$3"
      return
      ;;
${choiceCases()}
  esac
  for candidate in $words; do
    [[ $candidate == "$beginning"* ]] && COMPREPLY+=("$3$candidate")
  done
}

_start_katran() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} i flag dashes body name
  COMPREPLY=()

  # After -- come katran's own arguments.
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -- ]] && { _start_katran_files "$current" ''; return; }
  done

  # -name=value in one word, in three, or -name value.
  local value='' before='' takes=''
  if [[ $current == -*=* ]]; then
    takes=\${current%%=*} value=\${current#*=} before="\${current%%=*}="
  elif [[ $current == '=' && $previous == -* ]]; then
    takes=$previous
  elif [[ $previous == '=' && \${COMP_WORDS[COMP_CWORD-2]} == -* ]]; then
    takes=\${COMP_WORDS[COMP_CWORD-2]} value=$current
  elif [[ $previous == -* ]]; then
    flag=\${previous#-} flag=\${flag#-} flag=\${flag//-/_}
    case $flag in
      ${words([...flagsWith('boolean'), ...Object.keys(SAYING_FLAGS), 'h']).replaceAll(' ', '|')}) ;;
      *) takes=$previous value=$current ;;
    esac
  fi
  if [[ -n $takes ]]; then
    flag=\${takes#-} flag=\${flag#-} flag=\${flag//-/_}
    _start_katran_values "$flag" "$value" "$before"
    return
  fi

  if [[ $current != -* ]]; then
    if ((COMP_CWORD == 1)); then
      COMPREPLY=($(compgen -W '${words(COMPLETED_COMMANDS.map(([name]) => name))}' -- "$current"))
    else
      local behind=''
      case \${COMP_WORDS[1]} in
${wordCases()}
      esac
      ((COMP_CWORD == 2)) && COMPREPLY=($(compgen -W "$behind" -- "$current"))
      case \${COMP_WORDS[1]} in
        ${WORDS_ONLY.join('|')}) return ;;
        services)
          ((COMP_CWORD == 3)) && [[ \${COMP_WORDS[2]} == restore ]] && { _start_katran_files "$current" ''; return; }
          ;;
      esac
    fi
    [[ -n $current ]] && return
  fi

  # Names as they are being typed: one dash or two, _ or - between words.
  dashes='-'
  [[ $current == --* ]] && dashes='--'
  body=\${current#-} body=\${body#-}
  for name in ${names}; do
    [[ $body == *-* ]] && name=\${name//_/-}
    [[ $name == "$body"* ]] && COMPREPLY+=("$dashes$name")
  done
}

complete -F _start_katran start-katran
`;
}
