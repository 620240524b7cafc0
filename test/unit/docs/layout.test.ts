import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const home = fileURLToPath(new URL('../../..', import.meta.url));

test('the layout in docs/contributing.md names every room of src/ and nothing that is not there', () => {
  const page = fs.readFileSync(path.join(home, 'docs/contributing.md'), 'utf8');
  const [, table = ''] = /\n## Layout\n([^]*?)\n## /.exec(page) ?? [];
  const named = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
  const present = fs
    .readdirSync(path.join(home, 'src'), { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  expect(named.toSorted()).toEqual(present.toSorted());
});

test('every path below src/, test/, scripts/ and docs/ that the page names is there', () => {
  const page = fs.readFileSync(path.join(home, 'docs/contributing.md'), 'utf8');
  const paths = [...page.matchAll(/`?\b((?:src|test|scripts|docs|packaging)\/[\w./-]*[\w/])/g)].map(
    ([, name]) => name ?? '',
  );
  expect(paths.filter((name) => !fs.existsSync(path.join(home, name)))).toEqual([]);
});
