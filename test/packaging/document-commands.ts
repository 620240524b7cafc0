import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('../..', import.meta.url));

/** What the word after ```console says: run it; run it until katran is up; a script of package.json; changes a host. */
export type Kind = 'run' | 'launch' | 'checkout' | 'system';

export interface DocumentCommand {
  readonly document: string;
  readonly line: number;
  readonly kind: Kind;
  readonly command: string;
  /** Exit statuses that are as the document says. */
  readonly statuses: readonly number[];
  /** Lines shown below the command: all must be in its output. */
  readonly shown: readonly string[];
}

const KINDS: Record<string, Kind> = { '': 'run', launch: 'launch', checkout: 'checkout', system: 'system' };

/** Commands of one document, in order. Throws for a fenced block that has no language, or that the convention does not know. */
export function commandsOf(document: string, text: string): DocumentCommand[] {
  const commands: { -readonly [K in keyof DocumentCommand]: DocumentCommand[K] }[] = [];
  let block: Kind | 'other' | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const fence = /^```(\w*) ?(.*)$/.exec(line);
    if (fence !== null) {
      const [, language = '', more = ''] = fence;
      if (block !== undefined) block = undefined;
      else if (language === 'console') {
        const kind = KINDS[more];
        if (kind === undefined) throw new Error(`${document}:${index + 1}: unknown kind of block: ${more}`);
        block = kind;
      } else if (language === '' || language === 'sh' || language === 'bash' || language === 'shell') {
        throw new Error(`${document}:${index + 1}: commands go into a block 'console', after '$'`);
      } else block = 'other';
    } else if (block !== undefined && block !== 'other') {
      const typed = /^\$ (.*?)(?: # exit (\d+)(?: or (\d+))?)?$/.exec(line);
      const last = commands.at(-1);
      if (typed !== null) {
        const statuses = [typed[2] ?? '0', typed[3]].filter((status) => status !== undefined).map(Number);
        commands.push({
          document,
          line: index + 1,
          kind: block,
          command: typed[1] ?? '',
          statuses,
          shown: [],
        });
      } else if (last !== undefined && line !== '') last.shown = [...last.shown, line];
    }
  }
  return commands;
}

/** README.md and every page of docs/, by path. */
export function documents(): Record<string, string> {
  const pages = fs.readdirSync(path.join(home, 'docs')).filter((name) => name.endsWith('.md'));
  const files = ['README.md', ...pages.map((name) => `docs/${name}`)];
  return Object.fromEntries(files.map((file) => [file, fs.readFileSync(path.join(home, file), 'utf8')]));
}
