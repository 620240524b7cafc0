import { beforeAll, describe, expect, it } from 'vitest';
import { FLAGS, installKatran, writeFlags } from './rig/installed.ts';
import { ALL_NODES, masks, queues } from './rig/masks.ts';
import { journal, show, until, untilState } from './rig/units.ts';
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

describe('the affinity unit of a virtio card that is down', () => {
  const AFFINITY = 'start-katran-affinity.service';

  it('waits for it, and pins it once it is up', async () => {
    // The launch before this has pinned it.
    await machine.ok(`start-katran restore; ip link set eth0 down; systemctl start --no-block ${AFFINITY}`);
    await until(
      machine,
      `journalctl -b --no-pager -u ${AFFINITY} | grep -q 'waiting up to 30000 ms for interface eth0 to be up'`,
      AFFINITY,
    );
    expect((await show(machine, AFFINITY)).ActiveState).toBe('activating');
    expect(await queues(machine, 'virtio[0-9]+-input\\.')).not.toEqual(ALL_NODES);
    await machine.ok('ip link set eth0 up');
    await untilState(machine, AFFINITY, 'active');
    expect(await queues(machine, 'virtio[0-9]+-input\\.')).toEqual(ALL_NODES);
  });

  it('leaves the masks when it is stopped; restore takes them back', async () => {
    await machine.ok(`systemctl stop ${AFFINITY}`);
    expect(await queues(machine, 'virtio[0-9]+-input\\.')).toEqual(ALL_NODES);
    await machine.ok('start-katran restore');
    expect(await queues(machine, 'virtio[0-9]+-input\\.')).not.toEqual(ALL_NODES);
    await until(machine, 'ip route | grep -q ^default');
  });
});
