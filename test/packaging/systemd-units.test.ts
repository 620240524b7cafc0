import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BINARY, scratch } from '../support/launcher.ts';

const units = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../packaging/systemd');
const NAMES = fs.readdirSync(units);
const whyNot =
  spawnSync('systemd-analyze', ['--version']).error === undefined ? undefined : 'needs systemd-analyze';

/** All values of a setting, in order. */
const settings = (name: string, key: string): string[] =>
  fs
    .readFileSync(path.join(units, name), 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));

describe.skipIf(whyNot !== undefined)(
  `systemd’s opinion of the units${whyNot === undefined ? '' : ` (skipped: ${whyNot})`}`,
  () => {
    const place = scratch();
    /** The units as they are, but for the program, which need not be installed here. */
    const copies = NAMES.map((name) => path.join(place.path, name));
    beforeAll(() => {
      for (const [i, copy] of copies.entries()) {
        const text = fs.readFileSync(path.join(units, NAMES[i] ?? ''), 'utf8');
        fs.writeFileSync(copy, text.replaceAll('/usr/bin/start-katran', BINARY.file));
      }
    });
    afterAll(() => place.remove());
    const analyze = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
      return { status, stdout, stderr };
    };

    it('finds nothing to complain about', () => {
      expect(analyze('verify', '--man=no', ...copies)).toEqual({ status: 0, stdout: '', stderr: '' });
    });

    it.each(NAMES)('rates the exposure of %s at 5.0 or below', (name) => {
      const { status, stdout } = analyze(
        'security',
        '--offline=true',
        '--threshold=50',
        '--no-pager',
        path.join(place.path, name),
      );
      const level = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1];
      expect(Number(level)).toBeLessThanOrEqual(5.0);
      expect(status).toBe(0);
    });
  },
);

describe('the units', () => {
  it('are these two, and both read the same flags', () => {
    expect(NAMES).toEqual(['start-katran-affinity.service', 'start-katran.service']);
    for (const name of NAMES) {
      expect(settings(name, 'ExecStart').join()).toContain('-flagfile /etc/start-katran/flags');
      expect(settings(name, 'ConditionPathExists')).toEqual(['/etc/start-katran/flags']);
    }
  });

  it('write the masks before irqbalance and katran start, and start no katran with them', () => {
    const name = 'start-katran-affinity.service';
    expect(settings(name, 'Before')).toEqual(['irqbalance.service start-katran.service']);
    expect(settings(name, 'ExecStart').join()).toContain(' -affinitize_only ');
  });

  it('leave writable what the launcher and katran write', () => {
    for (const name of NAMES) {
      expect(settings(name, 'ProtectKernelTunables')).toEqual(['no']); // /proc/irq
      expect(settings(name, 'RuntimeDirectory')).toEqual(['start-katran']);
      expect(settings(name, 'RuntimeDirectoryPreserve')).toEqual(['yes']); // for restore
      expect(settings(name, 'MemoryDenyWriteExecute')).toEqual([]); // the JIT
      expect(settings(name, 'SystemCallErrorNumber')).toEqual(['EPERM']);
    }
  });

  it('give katran the time and the memory it may need, and only the launcher the signal', () => {
    const name = 'start-katran.service';
    const defaultDelay = 1;
    const patience = 25;
    expect(Number(settings(name, 'TimeoutStopSec')[0])).toBeGreaterThan(defaultDelay + patience);
    expect(settings(name, 'KillMode')).toEqual(['mixed']);
    expect(settings(name, 'WatchdogSignal')).toEqual(['SIGTERM']);
    expect(settings(name, 'LimitMEMLOCK')).toEqual(['infinity']);
    expect(settings(name, 'NotifyAccess')).toEqual(['all']);
    expect(settings(name, 'RestartPreventExitStatus')).toEqual(['2']);
    expect(settings(name, 'CapabilityBoundingSet')[0]?.split(' ')).toEqual(
      expect.arrayContaining(['CAP_NET_ADMIN', 'CAP_BPF', 'CAP_SYS_RESOURCE', 'CAP_PERFMON']),
    );
  });
});
