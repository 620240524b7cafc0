import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { parseBootTime, parseStartTicks, readProcessStart } from '../../../src/linux/process-start.ts';
import { KernelFileError, openRoot } from '../../../src/linux/root.ts';
import { parseKatranFlags } from '../../../src/katran/katran-flags.ts';

describe("katran's command line", () => {
  const flags = (...args: string[]) => parseKatranFlags(['/usr/bin/katran_server_grpc', ...args]);

  it('as the launcher writes it', () => {
    expect(
      flags(
        '-intf=eth0',
        '-map_path=/m',
        '-prog_pos=1',
        '-forwarding_cores=0,4,1',
        '-numa_nodes=0,1,0',
        '-server=[::1]:7',
      ),
    ).toEqual({
      intf: 'eth0',
      server: '[::1]:7',
      mapPath: '/m',
      mapPosition: '1',
      forwardingCores: [0, 4, 1],
      numaNodes: [0, 1, 0],
    });
  });

  it.each([
    ['two dashes', ['--intf=eth1'], 'eth1'],
    ['value apart', ['-intf', 'eth1'], 'eth1'],
    ['the last wins', ['-intf=eth0', '-intf', 'eth1'], 'eth1'],
    ['not a part of another flag', ['-hc_intf=eth9', '-intf=eth1'], 'eth1'],
    ['none', [], undefined],
  ])('%s', (_words, args, intf) => expect(flags(...args).intf).toBe(intf));

  it('without a list there are no forwarding cores; what is no list is not guessed at', () => {
    expect(flags().forwardingCores).toEqual([]);
    expect(flags('-forwarding_cores=0-3').forwardingCores).toBeNull();
    expect(flags('-forwarding_cores=0,,1').forwardingCores).toBeNull();
  });
});

describe('when a process started', () => {
  it('is field 22, after a name that can hold anything', () => {
    const rest = Array.from({ length: 30 }, (_, i) => i + 4).join(' ');
    expect(parseStartTicks(`12 (a) S 1 (b)) S ${rest}\n`, '/proc/12/stat')).toBe(22);
    expect(() => parseStartTicks('12 (a) S 1', '/proc/12/stat')).toThrow(KernelFileError);
  });

  it('counts from the boot time of /proc/stat', () => {
    expect(parseBootTime('cpu 1 2\nbtime 1763800000\nprocesses 5\n')).toBe(1_763_800_000);
    expect(() => parseBootTime('cpu 1 2\n')).toThrow(/btime/);
  });

  it('of real processes: a child is younger than its parent, and not from the future', async () => {
    const root = openRoot('/');
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const own = readProcessStart(root, process.pid);
    const its = readProcessStart(root, child.pid ?? 0);
    child.kill();
    await once(child, 'close');
    if (own === undefined || its === undefined) throw new Error('a process is missing');
    expect(its).toBeGreaterThanOrEqual(own);
    // btime is whole seconds.
    expect(its).toBeLessThanOrEqual(Date.now() + 1000);
    expect(readProcessStart(root, 2 ** 30)).toBeUndefined();
  });
});
