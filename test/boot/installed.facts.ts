import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLAGS, installKatran, writeFlags } from './rig/installed.ts';
import { NETWORKS } from './rig/machine.ts';
import { masks } from './rig/masks.ts';
import { journal, saidInRun, show, shownWith, until, untilState } from './rig/units.ts';
import { machine } from './the-machine.ts';

const UNITS = ['start-katran-affinity.service', 'start-katran.service'];

describe('a package that nobody has configured', () => {
  beforeAll(async () => {
    // It moves interrupts whenever it likes, and not only those of this program.
    await machine.ok('systemctl stop irqbalance');
    await machine.ok('dpkg -i /share/start-katran.deb');
  });

  it.each(UNITS)('%s is not enabled, and a preset does not enable it', async (unit) => {
    const { output } = await machine.run(
      `systemctl is-enabled ${unit}; systemctl preset ${unit}; systemctl is-enabled ${unit}`,
    );
    expect(output).toBe('disabled\ndisabled\n');
  });

  it('a start of its units starts nothing, fails nothing and moves no interrupt', async () => {
    const before = await masks(machine, '.');
    await machine.ok(`systemctl start ${UNITS.join(' ')}`);
    for (const unit of UNITS) {
      expect(await show(machine, unit)).toMatchObject({
        ActiveState: 'inactive',
        SubState: 'dead',
        ConditionResult: 'no',
        ExecMainPID: '0',
      });
    }
    expect(await machine.ok('systemctl --failed --no-legend')).toBe('');
    expect(await masks(machine, '.')).toEqual(before);
  });
});

describe('a flag that is wrong', () => {
  beforeAll(async () => {
    await installKatran(machine, 'double');
    await writeFlags(machine, [...FLAGS, 'lru_size=many']);
    await machine.run('systemctl start start-katran.service');
    await untilState(machine, 'start-katran.service', 'failed');
  });

  it('is said with file and line, and is not tried again', async () => {
    expect(await show(machine, 'start-katran.service')).toMatchObject({
      Result: 'exit-code',
      ExecMainStatus: '2',
      NRestarts: '0',
    });
    expect(await journal(machine, 'start-katran')).toContain('/etc/start-katran/flags:8');
  });

  it('mended, a start is all it takes: no reset-failed', async () => {
    await writeFlags(machine, FLAGS);
    await machine.ok('systemctl start start-katran.service');
    expect(await show(machine, 'start-katran.service')).toMatchObject({
      ActiveState: 'active',
      NRestarts: '0',
    });
    await machine.ok('systemctl stop start-katran.service');
  });
});

describe('an interface that is missing', () => {
  const UNIT = 'start-katran.service';
  beforeAll(async () => {
    await writeFlags(machine, [...FLAGS, 'intf=late0', `gateway=${NETWORKS.eth1.gateway}`]);
    await machine.run(`systemctl start ${UNIT}`);
  });
  afterAll(() =>
    machine.ok(`systemctl stop ${UNIT}
      ip addr flush dev late0
      ip link set late0 down
      ip link set late0 name eth1`),
  );

  it('is status 1 and one line, which the unit shows, and is tried again no sooner than documented', async () => {
    const failed = await shownWith(machine, UNIT, 'SubState=auto-restart');
    expect(failed).toMatchObject({ Result: 'exit-code', ExecMainStatus: '1' });
    const why = /^interface late0 does not exist; there are /;
    expect(failed.StatusText).toMatch(why);
    const { ExecMainStartTimestampMonotonic: before, ExecMainExitTimestampMonotonic: end } = failed;
    await until(machine, `[ "$(systemctl show -P ExecMainStartTimestampMonotonic ${UNIT})" -gt ${before} ]`);
    const { ExecMainStartTimestampMonotonic: again } = await show(machine, UNIT);
    expect(Number(again) - Number(end)).toBeGreaterThanOrEqual(5_000_000);
    const said = (await saidInRun(machine, failed)).split('\n');
    expect(said.map((line) => line.replace(/^error: /, ''))).toEqual([expect.stringMatching(why)]);
  });

  it('is balanced on once it is there, without a start by hand', async () => {
    await machine.ok(`ip link set eth1 name late0
      ip addr add ${NETWORKS.eth1.guest}/24 dev late0
      ip link set late0 up`);
    await untilState(machine, UNIT, 'active');
    expect(await machine.ok('pgrep -af katran_server_grpc')).toContain(' -intf=late0 ');
  });
});
