/** What is told of a command; its help, the documents and the completions are made from it. */
interface CommandWords {
  /** What it does, one sentence without a full stop. */
  readonly help: string;
  /** How it is called, one line a form, behind the program's name. */
  readonly forms: readonly string[];
  /** Calls worth typing, with what they do. */
  readonly examples: readonly (readonly [call: string, does: string])[];
}

function command(
  help: string,
  forms: readonly string[],
  examples: CommandWords['examples'] = [],
): CommandWords {
  return { help, forms, examples };
}

/** Words that may come first instead of a flag. */
export const COMMANDS = {
  doctor: command(
    'check everything around katran, one line a check; exit 3 if any fails',
    ['doctor [flags]'],
    [
      ['doctor -intf eth0', 'check what a launch on eth0 would meet'],
      ['doctor -report', 'write what a maintainer would ask for'],
    ],
  ),
  status: command(
    'what runs now: katran, gateway, affinity, packets; exit 3 if something is wrong',
    ['status [flags]'],
    [
      ['status -intf eth0', 'show it once'],
      ['status -intf eth0 -watch', 'draw it again every second'],
    ],
  ),
  restore: command(
    'put back the IRQ masks found before the first -affinitize',
    ['restore [flags]'],
    [
      ['restore -intf eth0 -dry_run', 'show what would be written'],
      ['restore -intf eth0', 'write it'],
    ],
  ),
  services: command(
    "show katran's VIPs and reals; services save and restore keep them in a file",
    ['services [flags]', 'services save [-o FILE] [flags]', 'services restore FILE|- [flags]'],
    [
      ['services save -o vips.json', 'keep what katran has'],
      ['services restore vips.json -dry_run', 'what would change'],
      ['services restore vips.json', 'give it to katran'],
    ],
  ),
  handover: command(
    'shared mode: a fresh katran takes over from the running one, no packet lost',
    ['handover [flags]'],
    [['handover -intf eth0', 'after an update of katran or of its objects']],
  ),
  completion: command(
    'print a completion script for bash, zsh or fish',
    ['completion bash|zsh|fish'],
    [['completion zsh > _start-katran', 'for a directory of fpath']],
  ),
  help: command('print the flags and examples of a command', ['help [command]']),
  version: command('print name and version', ['version']),
} as const satisfies Record<string, CommandWords>;
export type CommandName = keyof typeof COMMANDS;

export const COMMAND_NAMES = Object.keys(COMMANDS).filter((name): name is CommandName => name in COMMANDS);

export function isCommand(word: string | undefined): word is CommandName {
  return word !== undefined && Object.hasOwn(COMMANDS, word);
}

/** What flags belong to: `launch` is a call without a command, previews included. */
export type FlagOwner = 'launch' | Exclude<CommandName, 'completion' | 'help' | 'version'>;

export const SERVICE_ACTIONS = ['show', 'save', 'restore'] as const;
export type ServiceAction = (typeof SERVICE_ACTIONS)[number];

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];
