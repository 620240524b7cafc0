import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../docs/screens', import.meta.url));
const screens = fs.readdirSync(folder).filter((name) => name.endsWith('.txt'));
const read = (name: string): string => fs.readFileSync(path.join(folder, name), 'utf8');

describe('docs/screens, made by npm run screens', () => {
  it('shows what an operator meets', () => {
    expect(screens.sort()).toEqual(
      [
        ...['ctrl-c', 'doctor', 'dying-katran', 'failing-launch', 'launch', 'preview', 'refused-launch'],
        'status',
      ].map((name) => `${name}.txt`),
    );
  });

  it.each(screens)('%s fits a terminal of 80x24, and has a caption', (name) => {
    const lines = read(name).trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(lines.filter((line) => line.replace(/\P{ASCII}/gu, 'x').length > 80)).toEqual([]);
    expect(read('README.md')).toContain(`](${name})`);
  });

  it.each([
    ['preview.txt', /NUMA node 1 {2}◄─ NIC eth0/],
    ['doctor.txt', /^fix these, in this order:/m],
    ['failing-launch.txt', /^status 2$/m],
    ['refused-launch.txt', /not starting katran: [^]*^status 1$/m],
    ['launch.txt', /katran is up and running/],
    ['dying-katran.txt', /katran died of SIGSEGV[^]*^status 139$/m],
    ['ctrl-c.txt', /SIGINT received, stopping[^]*^status 0$/m],
    ['status.txt', /^katran +up/m],
  ])('%s shows %s', (name, what) => expect(read(name)).toMatch(what));
});
