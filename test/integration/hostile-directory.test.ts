import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ARTIFACTS, BINARY, runLauncher, scratch } from '../support/launcher.ts';
import { makeMachine } from '../support/machines.ts';

/** A directory that wants to take over whatever is started in it. */
describe('started in a hostile directory', () => {
  let machine: ReturnType<typeof scratch>;
  let hostile: ReturnType<typeof scratch>;
  const trap = (): string => path.join(hostile.path, 'trapped');

  beforeAll(() => {
    machine = scratch();
    makeMachine(machine.path, { cpus: 2, queues: 2 });
    hostile = scratch();
    const files = {
      'preload.js': `require('node:fs').writeFileSync(${JSON.stringify(trap())}, 'preloaded');`,
      'bunfig.toml': 'preload = ["./preload.js"]\n[run]\nsilent = true\n',
      '.env': 'START_KATRAN_LRU_SIZE=666\nSTART_KATRAN_RUN=true\n',
      '.env.production': 'START_KATRAN_LRU_SIZE=667\n',
      'package.json':
        '{ "name": "hostile", "type": "module", "main": "./preload.js", "imports": { "#*": "./preload.js" } }',
      'tsconfig.json': '{ "compilerOptions": { "paths": { "*": ["./preload.js"] } } }',
      'node_modules/execa/index.js': `require('node:fs').writeFileSync(${JSON.stringify(trap())}, 'required');`,
      'start-katran': '#!/bin/sh\necho hostile\n',
    };
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(hostile.path, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, text, { mode: 0o755 });
    }
  });
  afterAll(() => {
    machine.remove();
    hostile.remove();
  });

  it.each(ARTIFACTS)('$name obeys none of its files', async (artifact) => {
    const { status, stdout } = await runLauncher(
      artifact,
      ['-sysroot', machine.path, '-intf', 'eth0', '-default_mac', '52:54:00:12:35:02'],
      { cwd: hostile.path },
    );
    expect(status).toBe(0);
    expect(stdout).toContain('-lru_size=1000000');
    expect(fs.existsSync(trap())).toBe(false);
  });

  it('the binary alone, without the tree it was built in and without node, is enough', async () => {
    const alone = scratch();
    const file = path.join(alone.path, 'start-katran');
    fs.copyFileSync(BINARY.file, file);
    const { status, stdout } = await runLauncher(
      { name: 'a copy', file, prefix: [] },
      ['-sysroot', machine.path, '-intf', 'eth0', '-json'],
      { cwd: alone.path, env: { PATH: '/nonexistent' } },
    );
    alone.remove();
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ interface: 'eth0' });
  });
});
