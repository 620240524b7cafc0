import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const home = fileURLToPath(new URL('../../..', import.meta.url));

/** FILE:LINE of the marks that turn a rule of the linter off, with what they say. */
function marks(): { where: string; text: string }[] {
  return ['bin', 'src', 'test', 'scripts', 'bench'].flatMap((room) =>
    fs
      .readdirSync(path.join(home, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mts|mjs|cjs)$/.test(file))
      .flatMap((file) =>
        fs
          .readFileSync(path.join(home, room, file), 'utf8')
          .split('\n')
          .map((text, i) => ({ where: `${room}/${file}:${i + 1}`, text }))
          .filter(({ text }) => /(\/\/|\/\*) eslint-disable/.test(text)),
      ),
  );
}

test('a rule is turned off for one line, by its name, and with the reason', () => {
  const found = marks();
  expect(found.length).toBeGreaterThan(3);
  const bare = found.filter(({ text }) => !/eslint-disable-next-line [@/a-z-]+ -- \S+ \S+/.test(text));
  expect(bare).toEqual([]);
});
