/** An argv element as a shell would have to see it: itself, or in single quotes when the shell would split or expand it (brackets, as in `[::1]:50051`, it leaves). */
export function shellQuote(argument: string): string {
  if (/^[\w@%+=:,./[\]-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}

export function shellLine(argv: readonly string[]): string {
  return argv.map(shellQuote).join(' ');
}
