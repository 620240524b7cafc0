import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDirectory } from '../../support/machines.ts';

const home = fileURLToPath(new URL('../../..', import.meta.url));

const SPAWN = "import { spawn } from 'node:child_process';\nexport const a = spawn;\n";
const EXECA = "import { execa } from 'execa';\nexport const b = execa;\n";
const EXECA_LATER = "export const c = () => import('execa');\n";
const OWN = 'export const d = process.pid;\n';

const START = 'src/tools/run.ts starts processes';
const TOUCH = 'what a run takes from its process is handed in (World)';
const OPEN = 'only src/linux/root.ts opens /proc and /sys';
const KERNEL = [
  "import fs from 'node:fs';",
  "export const a = fs.readFileSync('/proc/stat', 'utf8');",
  'export const b = (name: string): string[] => fs.readdirSync(`/sys/class/net/${name}`);',
  "export const c = fs.existsSync('/etc/localtime');",
  '',
].join('\n');

/** What a file says, and what the rules say to it: the reason at each line that they refuse. */
const FILES: readonly (readonly [file: string, text: string, refusals: readonly string[]])[] = [
  ['src/launch/spawn.ts', SPAWN, [`1 ${START}`]],
  ['src/launch/spawn-later.ts', "export const a = () => import('node:child_process');\n", [`1 ${START}`]],
  ['src/launch/execa.ts', EXECA, [`1 ${START}`]],
  ['src/tools/execa-later.ts', EXECA_LATER, [`1 ${START}`]],
  [
    'src/linux/process.ts',
    "import process from 'node:process';\nexport const a = process.pid;\n",
    [`1 ${TOUCH}`],
  ],
  ['src/linux/global.ts', OWN, [`1 ${TOUCH}`]],
  ['src/linux/member.ts', 'export const a = { process: 1 }.process;\n', []],
  ['src/tools/run.ts', EXECA + EXECA_LATER + SPAWN, [`4 ${START}`]],
  ['src/world.ts', OWN + EXECA, [`2 ${START}`]],
  ['bin/start.ts', OWN, []],
  ['src/linux/kernel.ts', KERNEL, [`2 ${OPEN}`, `3 ${OPEN}`]],
  ['src/linux/root.ts', KERNEL, []],
];

let house: string;
beforeAll(() => {
  house = makeDirectory('house-process');
  for (const file of ['.eslintrc.cjs', 'tsconfig.json'])
    fs.copyFileSync(path.join(home, file), path.join(house, file));
  fs.symlinkSync(path.join(home, 'node_modules'), path.join(house, 'node_modules'));
  for (const [file, text] of FILES) {
    fs.mkdirSync(path.dirname(path.join(house, file)), { recursive: true });
    fs.writeFileSync(path.join(house, file), text);
  }
});
afterAll(() => fs.rmSync(house, { recursive: true }));

test(
  'one file starts processes, one touches its own, and one opens the kernel’s files',
  { timeout: 120_000 },
  () => {
    const eslint = path.join(home, 'node_modules/.bin/eslint');
    const { stdout } = spawnSync(eslint, ['--ext', '.ts', 'src', 'bin'], {
      cwd: house,
      encoding: 'utf8',
      env: { ...process.env, ESLINT_USE_FLAT_CONFIG: 'false' },
    });
    const found = new Map<string, string[]>(FILES.map(([file]) => [file, []]));
    let file = '';
    for (const line of stdout.split('\n')) {
      if (line.startsWith('/')) file = path.relative(house, line);
      const [, number, words] = /^ +(\d+):\d+ +error +(.*?) {2,}/.exec(line) ?? [];
      const reason = [START, TOUCH, OPEN].find((known) => words?.includes(known) === true) ?? words;
      if (reason !== undefined) found.get(file)?.push(`${number ?? ''} ${reason}`);
    }
    expect([...found]).toEqual(FILES.map(([name, , refusals]) => [name, refusals]));
  },
);
