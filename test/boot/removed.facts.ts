import { describe, expect, it } from 'vitest';
import { journal, show } from './rig/units.ts';
import { machine } from './the-machine.ts';

describe('the package removed while everything runs', () => {
  it('stops all units and instances, in order', async () => {
    await machine.ok('dpkg -r start-katran');
    expect(await machine.run('pgrep -f katran_server_grpc')).toMatchObject({ status: 1 });
    for (const unit of ['start-katran', 'start-katran@eth1'])
      expect((await show(machine, unit)).ActiveState, await journal(machine, unit, '-n', '40')).toBe(
        'inactive',
      );
  });

  it('keeps the operator’s flags, and a purge removes them and every enabled instance', async () => {
    await machine.ok('test -e /etc/start-katran/flags');
    // What the operator wrote into systemd's own directory is the operator's.
    await machine.ok('rm -rf /etc/systemd/system/start-katran*.service.d; dpkg -P start-katran');
    const left = await machine.ok(
      `find /etc /usr /var/lib -xdev -name '*start-katran*' -not -path '/var/lib/dpkg/*'; ls -d /run/start-katran 2>&- || true`,
    );
    expect(left).toBe('');
    expect(await machine.ok('systemctl list-units --failed --no-legend "start-katran*"')).toBe('');
  });
});
