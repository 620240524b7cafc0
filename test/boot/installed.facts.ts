import { beforeAll, describe, expect, it } from 'vitest';
import { FLAGS, installKatran, writeFlags } from './rig/installed.ts';
import { masks } from './rig/masks.ts';
import { journal, show, untilState } from './rig/units.ts';
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
