import fs from 'node:fs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ARTIFACTS, runLauncher, scratch } from '../support/launcher.ts';
import { copyMachine, makeMachine } from '../support/machines.ts';
import { HAS_TMUX, Terminal } from '../support/terminal.ts';

const big = scratch();
makeMachine(big.path, { cpus: 256, nodes: 2, queues: 256 });
const recorded = copyMachine('8-2-mixed');
const wide = copyMachine('32-2-mixed');
afterAll(() => {
  big.remove();
  for (const directory of [recorded, wide]) fs.rmSync(directory, { recursive: true });
});

const flags = (sysroot: string): string[] => ['-sysroot', sysroot, '-intf', 'eth0', '-gateway_timeout', '0'];
const isMap = (line: string): boolean => /^[|│]|^NUMA|^q0 |^interrupts/.test(line);

describe.each(ARTIFACTS)('the preview, with $name', (artifact) => {
  const preview = async (sysroot: string, args: string[] = [], env: Record<string, string> = {}) => {
    const ended = await runLauncher(artifact, [...flags(sysroot), ...args], { env });
    expect(ended.status).toBe(0);
    return Buffer.from(ended.stdout, 'latin1').toString('utf8').trimEnd().split('\n');
  };

  it('ends with map, gateway and argument line, so that a terminal shows them', async () => {
    const lines = await preview(recorded);
    expect(lines[0]).toBe('number of CPUs 8');
    const from = lines.indexOf('NUMA node 0');
    expect(lines.slice(from, from + 6)).toEqual([
      'NUMA node 0',
      '| 0 q0 | 1 q2 | 2 q4 | 3 q6 |',
      'NUMA node 1  <- NIC eth0',
      '| 4 q1 | 5 q3 | 6 q5 | 7 q7 |',
      'q0 queue 0',
      '',
    ]);
    expect(lines[from + 6]).toMatch(/^gateway 10\.77\.0\.1 on eth0/);
    expect(lines.at(-1)).toMatch(
      /^-balancer_prog=.* -forwarding_cores=0,4,1,5,2,6,3,7 -numa_nodes=0,1,0,1,0,1,0,1$/,
    );
  });

  it.each([
    ['without a locale: ASCII', {}, false],
    ['LC_ALL=C over LANG: ASCII', { LANG: 'C.UTF-8', LC_ALL: 'C' }, false],
    ['LANG with UTF-8: lines are drawn', { LANG: 'C.UTF-8' }, true],
  ])('%s', async (_words, env, unicode) => {
    const lines = await preview(wide, [], env);
    expect(/[^ -~]/.test(lines.join(''))).toBe(unicode);
  });

  it('256 CPUs: the map is not wider than 80 columns, and every CPU is on it', async () => {
    const lines = (await preview(big.path, ['-max_cpus', '256'])).filter(isMap);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    for (let cpu = 0; cpu < 256; cpu += 1) expect(lines.join('\n')).toMatch(new RegExp(`[| ]${cpu} q\\d`));
  });

  it('says what is to move, or with -affinitize what was moved', async () => {
    const sysroot = copyMachine('8-2-mixed');
    try {
      const queues = /^8 receive queues on forwarding cores 0-7; /;
      const summary = async (...args: string[]): Promise<string | undefined> =>
        (await preview(sysroot, args)).find((line) => queues.test(line))?.replace(queues, '');
      expect(await summary()).toBe('12 of 17 interrupts to move');
      const written = await preview(sysroot, ['-affinitize']);
      expect(written.find((line) => queues.test(line))).toMatch(/; 12 of 17 interrupts moved$/);
      // What stands beside each is where it was.
      expect(written.find((line) => line.startsWith('IRQ '))).toMatch(/ CPU before +planned /);
      expect(await summary()).toBe('no interrupt to move');
    } finally {
      fs.rmSync(sysroot, { recursive: true });
    }
  });

  it('given forwarding cores are marked', async () => {
    const lines = await preview(recorded, ['-forwarding_cores', '1,6']);
    expect(lines).toContain('| 0  - | 1* - | 2  - | 3  - |');
    expect(lines).toContain('| 4  - | 5  - | 6* - | 7  - |');
  });
});

describe.skipIf(!HAS_TMUX).each(ARTIFACTS)(
  'the preview on a terminal of 80x24 (needs tmux), with $name',
  (artifact) => {
    let terminal: Terminal | undefined;
    afterEach(() => terminal?.close());

    it('map, the beginning of the argument line, gateway and summary are what is on the screen at the end', async () => {
      terminal = new Terminal([artifact.file, ...artifact.prefix, ...flags(recorded)], {
        LC_ALL: 'C.UTF-8',
      });
      const screen = await terminal.shows(/ended with 0/);
      expect(screen).toContain('│ 4 q1 │ 5 q3 │ 6 q5 │ 7 q7 │');
      expect(screen).toContain('gateway 10.77.0.1 on eth0, MAC 96:a3:21:a5:07:cb');
      expect(screen).toMatch(/^-balancer_prog= -intf=eth0.*… \(all of it: \| cat\)$/m);
      expect(screen).toMatch(/^8 receive queues on forwarding cores 0-7; \d+ of 17 interrupts to move$/m);
    });

    it('256 CPUs and as many queues: the end of the map, gateway, summary and warnings, and no line longer than the screen', async () => {
      terminal = new Terminal([artifact.file, ...artifact.prefix, ...flags(big.path), '-max_cpus', '256'], {
        LC_ALL: 'C.UTF-8',
      });
      const screen = await terminal.shows(/ended with 0/);
      const lines = screen.trimEnd().split('\n');
      const summary = lines.findIndex((line) =>
        line.startsWith('256 receive queues on forwarding cores 0-255; '),
      );
      expect(lines[summary - 1]).toBe('gateway unknown');
      const warning = lines.slice(summary + 1, -1).join(' ');
      expect(warning).toMatch(
        /^warning \(cross-node\): .* 128-255 of the plan are not: packets cross nodes there /,
      );
      expect(warning).toContain(' (-strategy same-node -numa_node nic keeps them on one)');
      expect(lines.at(-1)).toBe('ended with 0');
    });
  },
);
