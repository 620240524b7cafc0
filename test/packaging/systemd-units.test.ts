import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unitFiles } from '../../scripts/package/units.mjs';
import { describeUnless } from '../support/describe-unless.ts';
import { BINARY, scratch } from '../support/launcher.ts';

const UNITS = unitFiles();
const NAMES = Object.keys(UNITS);
const LAUNCH = ['start-katran.service', 'start-katran@.service'];
const AFFINITY = ['start-katran-affinity.service', 'start-katran-affinity@.service'];
const whyNot =
  spawnSync('systemd-analyze', ['--version']).error === undefined ? undefined : 'needs systemd-analyze';

/** All values of a setting, in order. */
const settings = (name: string, key: string): string[] =>
  (UNITS[name] ?? '')
    .split('\n')
    .flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));

describeUnless(whyNot, 'systemd’s opinion of the units', () => {
  const place = scratch();
  /** The units as they are, but for the program, which need not be installed here. */
  const copies = NAMES.map((name) => path.join(place.path, name));
  beforeAll(() => {
    for (const copy of copies) {
      const text = UNITS[path.basename(copy)] ?? '';
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
});

describe('the units', () => {
  it('are these two and a template of each, and all read the same flags', () => {
    expect(NAMES.toSorted()).toEqual([...AFFINITY, ...LAUNCH].toSorted());
    for (const name of NAMES) {
      expect(settings(name, 'ExecStart').join()).toContain('-flagfile /etc/start-katran/flags');
      expect(settings(name, 'ConditionPathExists')[0]).toBe('/etc/start-katran/flags');
    }
  });

  it('a template is for its interface, reads its own flags last, and is ordered after its own affinity unit', () => {
    for (const name of ['start-katran@.service', 'start-katran-affinity@.service']) {
      expect(settings(name, 'ExecStart').join()).toMatch(
        / -intf %i -flagfile \/etc\/start-katran\/flags -flagfile \/etc\/start-katran\/%i\.flags$/,
      );
      expect(settings(name, 'ConditionPathExists')).toContain('/etc/start-katran/%i.flags');
    }
    expect(settings('start-katran@.service', 'After').join()).toContain('start-katran-affinity@%i.service');
    expect(settings('start-katran-affinity@.service', 'Before').join()).toContain('start-katran@%i.service');
  });

  it('try for as long as it takes, but not what trying cannot mend', () => {
    for (const name of NAMES) {
      expect(settings(name, 'StartLimitIntervalSec')).toEqual(['0']);
      // A oneshot unit cannot be started again after it has done its work.
      expect(settings(name, 'Restart')).toEqual([name.includes('affinity') ? 'on-failure' : 'always']);
      expect(Number(settings(name, 'RestartSec')[0])).toBeGreaterThanOrEqual(5);
      expect(settings(name, 'RestartPreventExitStatus')).toEqual(['2']);
    }
  });

  it.each(AFFINITY)(
    '%s writes the masks before irqbalance and katran start, and starts no katran',
    (name) => {
      expect(settings(name, 'Before').join()).toMatch(/^irqbalance\.service start-katran(@%i)?\.service$/);
      expect(settings(name, 'ExecStart').join()).toContain(' -affinitize_only ');
    },
  );

  it('leave writable what the launcher and katran write', () => {
    for (const name of NAMES) {
      expect(settings(name, 'ProtectKernelTunables')).toEqual(['no']); // /proc/irq
      expect(settings(name, 'RuntimeDirectory')).toEqual(['start-katran']);
      expect(settings(name, 'RuntimeDirectoryPreserve')).toEqual(['yes']); // for restore
      expect(settings(name, 'MemoryDenyWriteExecute')).toEqual([]); // the JIT
      expect(settings(name, 'SystemCallErrorNumber')).toEqual(['EPERM']);
    }
    for (const name of LAUNCH) expect(settings(name, 'StateDirectory')).toEqual(['start-katran']); // services
  });

  it.each(LAUNCH)(
    '%s gives katran the time and the memory it may need, and only the launcher the signal',
    (name) => {
      const defaultDelay = 1;
      const patience = 25;
      expect(Number(settings(name, 'TimeoutStopSec')[0])).toBeGreaterThan(defaultDelay + patience);
      expect(settings(name, 'KillMode')).toEqual(['mixed']);
      expect(settings(name, 'WatchdogSignal')).toEqual(['SIGTERM']);
      expect(settings(name, 'LimitMEMLOCK')).toEqual(['infinity']);
      expect(settings(name, 'NotifyAccess')).toEqual(['all']);
    },
  );

  it('give katran the three capabilities that test:boot finds it cannot do without, and the affinity unit none', () => {
    for (const name of LAUNCH)
      expect(settings(name, 'CapabilityBoundingSet')).toEqual(['CAP_NET_ADMIN CAP_BPF CAP_PERFMON']);
    for (const name of AFFINITY) expect(settings(name, 'CapabilityBoundingSet')).toEqual(['']);
  });
});
