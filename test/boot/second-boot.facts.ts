import { beforeAll, describe, expect, it } from 'vitest';
import { FLAGS, writeFlags } from './rig/installed.ts';
import { NETWORKS } from './rig/machine.ts';
import { ALL_NODES, masks } from './rig/masks.ts';
import { show, until, untilState } from './rig/units.ts';
import { machine } from './the-machine.ts';

const UNITS = ['start-katran-affinity@eth1', 'start-katran@eth1', 'start-katran-affinity', 'start-katran'];
const STOP_LIMIT_MS = 90_000;

/** The masks of a card by queue, as the kernel writes them. */
const queues = async (names: string): Promise<string[]> => Object.values(await masks(machine, names));

describe('a boot with everything enabled, the link of eth0 not there yet, and eth1 down', () => {
  let stoppedAfterMs = 0;

  beforeAll(async () => {
    await writeFlags(machine, FLAGS);
    await writeFlags(machine, ['server=127.0.0.1:50052', `gateway=${NETWORKS.eth1.gateway}`], 'eth1.flags');
    await machine.ok(`systemctl start start-katran
      systemctl enable ${UNITS.join(' ')}
      systemctl disable irqbalance`);
    stoppedAfterMs = await machine.powerOff();
    await machine.boot({ linkDown: true });
  }, 900_000);

  it('the shutdown before it ended katran in order, while the network was there', async () => {
    expect(await machine.ok('journalctl -b -1 -o cat --no-pager -u start-katran')).toContain(
      'katran exited with status 0',
    );
    expect(stoppedAfterMs).toBeLessThan(STOP_LIMIT_MS);
  });

  it('start-katran goes on trying', async () => {
    await until(machine, '[ "$(systemctl show -P NRestarts start-katran)" -ge 1 ]');
    expect((await show(machine, 'start-katran')).ActiveState).not.toBe('failed');
  });

  it('and still does with a link but no answer from the gateway', async () => {
    machine.network.ip(`link set ${NETWORKS.eth0.tap} arp off`);
    await machine.monitor('set_link nic0 on');
    const { NRestarts } = await show(machine, 'start-katran');
    await until(machine, `[ "$(systemctl show -P NRestarts start-katran)" -gt ${NRestarts} ]`);
    expect((await show(machine, 'start-katran')).ActiveState).not.toBe('failed');
  });

  it('it runs once the gateway answers', async () => {
    machine.network.ip(`link set ${NETWORKS.eth0.tap} arp on`);
    await untilState(machine, 'start-katran', 'active');
  });

  it('the affinity unit has pinned eth0 by then', async () => {
    await untilState(machine, 'start-katran-affinity', 'active');
    expect(await queues('virtio[0-9]+-input\\.')).toEqual(ALL_NODES);
  });

  it('eth1 is pinned and balanced by the instances of its own, once it is up', async () => {
    for (const unit of ['start-katran-affinity@eth1', 'start-katran@eth1'])
      expect((await show(machine, unit)).ActiveState, unit).not.toMatch(/^(active|failed)$/);
    await machine.ok(`ip addr add ${NETWORKS.eth1.guest}/24 dev eth1 && ip link set eth1 up`);
    await untilState(machine, 'start-katran-affinity@eth1', 'active');
    expect(await queues('eth1-rxtx-')).toEqual(ALL_NODES);
    await untilState(machine, 'start-katran@eth1', 'active');
  });

  it('both instances run side by side, each with its interface and port', async () => {
    const arguments_ = await machine.ok(`pgrep -af katran_server_grpc`);
    expect(arguments_).toMatch(/-intf=eth0 /);
    expect(arguments_).toMatch(/-intf=eth1 .*-server=127\.0\.0\.1:50052 /);
    expect(await show(machine, 'start-katran')).toMatchObject({ ActiveState: 'active' });
  });
});
