import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findInPath, pathOfTools } from '../../../src/tools/find.ts';
import { openTools } from '../../../src/tools/toolbox.ts';
import { makeDirectory } from '../../support/machines.ts';

const before = process.cwd();
let here: string;
beforeEach(() => {
  here = makeDirectory('find');
  fs.writeFileSync(path.join(here, 'ip'), '#!/bin/sh\necho from here\n', { mode: 0o755 });
  process.chdir(here);
});
afterEach(() => {
  process.chdir(before);
  fs.rmSync(here, { recursive: true });
});

describe('looking a program up', () => {
  it.each(['', ':', '.', './', ':/nowhere', '/nowhere::', '..', 'bin'])(
    'never takes it from the working directory: PATH %j',
    (searchPath) => expect(findInPath('ip', searchPath)).toBeUndefined(),
  );

  it('takes the first that can be executed, by its absolute path', () => {
    fs.mkdirSync('first/ip', { recursive: true });
    fs.mkdirSync('second');
    fs.writeFileSync('second/ip', '', { mode: 0o644 });
    const searchPath = [path.join(here, 'first'), path.join(here, 'second'), here].join(':');
    expect(findInPath('ip', searchPath)).toBe(path.join(here, 'ip'));
  });

  it('of a tool also looks where administrators’ tools are, after PATH', () => {
    expect(pathOfTools('/opt/bin::.')).toBe('/opt/bin:/usr/sbin:/sbin:/usr/bin:/bin');
  });
});

describe('a tool', () => {
  it('of PATH is run', async () =>
    expect(await openTools(here, process.pid).ask('ip', [])).toBe('from here'));

  it('that is nowhere is a failure that names it', async () =>
    expect(openTools('.:', process.pid).ask('no-such-tool', [])).rejects.toThrow(
      'there is no no-such-tool on this host',
    ));

  it('gets no more environment than its search path', async () => {
    fs.writeFileSync('env-of-it', '#!/bin/sh\nexec /usr/bin/env\n', { mode: 0o755 });
    const environment = await openTools(here, process.pid).ask('env-of-it', []);
    expect(environment).toContain(`PATH=${here}:/usr/sbin`);
    expect(environment).not.toMatch(/^HOME=/m);
  });
});
