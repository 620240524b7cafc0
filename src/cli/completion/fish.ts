import {
  COMPLETED_COMMANDS,
  COMPLETED_FLAGS,
  SAYING_FLAGS,
  WORDS_BEHIND,
  singleQuoted,
  type CompletedFlag,
} from './words.ts';

/** How fish is told what the value of a flag may be. */
function valueOptions({ values }: CompletedFlag): string {
  switch (values) {
    case 'boolean':
      return '';
    case 'interface':
      return " -x -a '(__start_katran_interfaces)'";
    case 'path':
      return ' -r -F';
    case 'none':
      return ' -x';
    default:
      return ` -x -a '${values.join(' ')}'`;
  }
}

/** A line for the name as the table has it, and for booleans and names of several words the forms they have beside it. */
function flagLines(flag: CompletedFlag): string[] {
  const { name, values } = flag;
  const line = (spelling: string, condition: string, value: string): string =>
    `complete -c start-katran${condition} -o ${spelling} -l ${spelling}${value} -d ${singleQuoted(flag.help)}`;
  const dashed = name.replaceAll('_', '-');
  return [
    line(name, '', valueOptions(flag)),
    ...(values === 'boolean' ? [line(name, ' -n __start_katran_equals', " -a 'true false'")] : []),
    ...(dashed === name ? [] : [line(dashed, ' -n __start_katran_dashed', valueOptions(flag))]),
  ];
}

/** For fish 3 and later. */
export function fishCompletion(): string {
  return `# fish completion for start-katran; made by 'start-katran completion fish'

function __start_katran_interfaces
    for path in /sys/class/net/*
        test -L $path; and string replace -r '.*/' '' $path
    end
end

function __start_katran_is_first
    test (count (commandline -opc)) -eq 1
end

function __start_katran_is_behind
    set -l words (commandline -opc)
    test (count $words) -eq 2; and test $words[2] = $argv[1]
end

function __start_katran_is_restored_file
    set -l words (commandline -opc)
    test (count $words) -eq 3; and test "$words[2..3]" = 'services restore'
end

# A boolean's value comes with = only.
function __start_katran_equals
    string match -q -- '-*=*' (commandline -ct)
end

# Names written with - between the words are offered to those who write them so.
function __start_katran_dashed
    string match -qr -- '^--?[a-z0-9]+-' (commandline -opc)[2..] (commandline -ct)
end

function __start_katran_after_dashes
    contains -- -- (commandline -opc)[2..]
end

complete -c start-katran -f
complete -c start-katran -n __start_katran_after_dashes -F
${COMPLETED_COMMANDS.map(([name, help]) => `complete -c start-katran -n __start_katran_is_first -a ${name} -d ${singleQuoted(help)}`).join('\n')}
${WORDS_BEHIND.map(([command, words]) => `complete -c start-katran -n '__start_katran_is_behind ${command}' -a '${words.join(' ')}'`).join('\n')}
complete -c start-katran -n __start_katran_is_restored_file -F
${Object.entries(SAYING_FLAGS)
  .map(([name, help]) => `complete -c start-katran -o ${name} -l ${name} -d ${singleQuoted(help)}`)
  .join('\n')}
${COMPLETED_FLAGS.flatMap(flagLines).join('\n')}
`;
}
