import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeDirectory } from '../../support/machines.ts';

const home = fileURLToPath(new URL('../../..', import.meta.url));

/** A house of its own below a temporary directory, judged by the project's rules. */
let house: string;

beforeEach(() => {
  house = makeDirectory('house');
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json'])
    fs.copyFileSync(path.join(home, file), path.join(house, file));
  fs.symlinkSync(path.join(home, 'node_modules'), path.join(house, 'node_modules'));
});

afterEach(() => {
  fs.rmSync(house, { recursive: true });
});

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(path.join(house, file)), { recursive: true });
  fs.writeFileSync(path.join(house, file), text);
}

/** Names of the rules that the house breaks. */
function broken(): string[] {
  const depcruise = path.join(home, 'node_modules/.bin/depcruise');
  const run = spawnSync(depcruise, ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'src'], {
    cwd: house,
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  return [...run.stdout.matchAll(/ error (\S+):/g)].map(([, rule]) => rule ?? '');
}

describe('the rule of imports', () => {
  test('lets a room use what stands below it', () => {
    write('src/linux/a.ts', 'export const a = 1;\n');
    write('src/planning/b.ts', "import { a } from '../linux/a.ts';\nexport const b = a;\n");
    write('src/main.ts', "import { b } from './planning/b.ts';\nexport const c = b;\n");
    expect(broken()).toEqual([]);
  });

  test.each([
    ['upwards', 'src/linux/a.ts', 'src/launch/b.ts', 'what-linux-may-run'],
    ['sideways', 'src/gateway/a.ts', 'src/katran/b.ts', 'what-gateway-may-run'],
    ['from a terminal that knows no katran', 'src/terminal/a.ts', 'src/katran/b.ts', 'what-terminal-may-run'],
    ['from cli to what acts', 'src/cli/a.ts', 'src/gateway/b.ts', 'what-cli-may-run'],
    ['of a loose file', 'src/planning/a.ts', 'src/other.ts', 'nothing-loose'],
  ])('refuses an import %s', (_what, from, to, rule) => {
    write(to, 'export const b = 1;\n');
    write(from, `import { b } from '${path.relative(path.dirname(from), to)}';\nexport const a = b;\n`);
    expect(broken()).toContain(rule);
  });

  test('refuses a type from above, and lets rooms side by side know their types', () => {
    write('src/katran/b.ts', 'export type B = number;\n');
    write('src/gateway/a.ts', "import type { B } from '../katran/b.ts';\nexport const a: B = 1;\n");
    write('src/linux/c.ts', "import type { B } from '../katran/b.ts';\nexport const c: B = 1;\n");
    expect(broken()).toEqual(['what-linux-may-know']);
  });

  test('refuses a circle, also one of types', () => {
    write('src/gateway/a.ts', "import type { B } from './b.ts';\nexport type A = B | 1;\n");
    write('src/gateway/b.ts', "import type { A } from './a.ts';\nexport type B = A | 2;\n");
    expect(broken()).toContain('no-circle');
  });
});
