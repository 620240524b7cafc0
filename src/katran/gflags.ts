/**
 * What a command line of katran sets, by gflags' rules: `-name=value`, `--name value`, `_` and `-` alike; the last one wins, and `--` ends
 * the flags. Undefined when it sets nothing. `argv` has no argv[0].
 */
export function gflagValue(argv: readonly string[], name: string): string | undefined {
  const end = argv.indexOf('--');
  const flags = end < 0 ? argv : argv.slice(0, end);
  let value: string | undefined;
  for (let i = 0; i < flags.length; i++) {
    const [, given, , inPlace] = /^--?([^-=][^=]*)(=(.*))?$/s.exec(flags[i] ?? '') ?? [];
    if (given?.replaceAll('-', '_') !== name) continue;
    // Its value is the next argument, whatever that begins with.
    value = inPlace ?? flags[++i] ?? value;
  }
  return value;
}
