import { beforeAll, describe, expect, it } from 'vitest';
import { giveVip, installKatran, REAL, STANDALONE_FLAGS, VIP, writeFlags } from './rig/installed.ts';
import { NETWORKS } from './rig/machine.ts';
import { ALL_NODES, queues } from './rig/masks.ts';
import { packetsTo } from './rig/traffic.ts';
import { journal, show, shownWith, until, untilCarrier, untilRestarted, untilState } from './rig/units.ts';
import { machine } from './the-machine.ts';

const UNITS = ['start-katran-affinity@eth1', 'start-katran@eth1', 'start-katran-affinity', 'start-katran'];

/** The katran of eth1, which the journal shows by its JSON lines. The common flag file is eth0's: what is not for eth1 is undone. */
const DOUBLE = {
  binary: '/usr/lib/katran/eth1/katran_server_grpc',
  object: '/usr/lib/katran/eth1/balancer.bpf.o',
};
const ETH1_FLAGS = [
  ...[`binary=${DOUBLE.binary}`, `balancer_bpf=${DOUBLE.object}`],
  ...['server=127.0.0.1:50052', `gateway=${NETWORKS.eth1.gateway}`],
  ...['map_path=', 'map_pos=2', 'handover=false', 'services=', 'keep_services=false', 'log_format=json'],
];

describe('a boot with everything enabled, the link of eth0 not there yet, and no eth1', () => {
  let launcherOfEth0: string | undefined;

  beforeAll(async () => {
    // With a real katran the first boot has left it running, in shared mode.
    if (REAL === '') {
      await writeFlags(machine, STANDALONE_FLAGS);
      await machine.ok('systemctl start start-katran');
      await giveVip(machine);
    }
    await installKatran(machine, 'double', DOUBLE);
    await writeFlags(machine, ETH1_FLAGS, 'eth1.flags');
    await machine.ok(`systemctl enable ${UNITS.join(' ')}
      systemctl disable irqbalance
      echo 'blacklist vmxnet3' > /etc/modprobe.d/eth1-later.conf`);
    await machine.powerOff();
    await machine.boot({ linkDown: true });
  }, 900_000);

  it('the shutdown before it ended katran in order, while the network was there', async () => {
    const said = await machine.ok('journalctl -b -1 -o cat --no-pager -u start-katran | tail -n 20');
    expect(said).toContain('katran exited with status 0');
    expect(said).not.toMatch(/timed out|Killing process/);
  });

  it('start-katran goes on trying', async () => {
    await untilCarrier(machine, 'eth0', '0');
    await until(machine, '[ "$(systemctl show -P NRestarts start-katran)" -ge 1 ]');
    expect((await show(machine, 'start-katran')).ActiveState).not.toBe('failed');
  });

  it('and still does with a link but no answer from the gateway', async () => {
    machine.network.ip(`link set ${NETWORKS.eth0.tap} arp off`);
    await machine.setLink('nic0', true);
    await untilCarrier(machine, 'eth0', '1');
    await untilRestarted(machine, 'start-katran', await show(machine, 'start-katran'));
    expect((await show(machine, 'start-katran')).ActiveState).not.toBe('failed');
  });

  it('it runs once the gateway answers', async () => {
    machine.network.ip(`link set ${NETWORKS.eth0.tap} arp on`);
    await untilState(machine, 'start-katran', 'active');
    launcherOfEth0 = (await show(machine, 'start-katran')).MainPID;
  });

  it('it has the services of before the boot', async () => {
    expect(await machine.ok('start-katran services')).toContain(VIP.address);
    if (REAL === '') return;
    const packets = packetsTo(machine, 100);
    await packets.firstBack;
    const { sent, returned } = await packets.report;
    expect(returned).toBe(sent);
  });

  it('the affinity unit has pinned eth0 by then', async () => {
    await untilState(machine, 'start-katran-affinity', 'active');
    expect(await queues(machine, 'virtio[0-9]+-input\\.')).toEqual(ALL_NODES);
  });

  it('without eth1 its units fail and go on trying, and show why', async () => {
    await shownWith(machine, 'start-katran@eth1', 'StatusText=interface eth1 does not exist; .*');
    for (const unit of ['start-katran-affinity@eth1', 'start-katran@eth1'])
      expect((await show(machine, unit)).ActiveState, unit).not.toMatch(/^(active|failed)$/);
    expect(await journal(machine, 'start-katran-affinity@eth1')).toContain(
      '30000 ms (-link_timeout) were not enough for interface eth1 to exist',
    );
  });

  it('eth1 is pinned and balanced by the instances of its own, once it is there and up', async () => {
    await machine.ok('modprobe vmxnet3');
    await until(
      machine,
      "journalctl -b -u start-katran-affinity@eth1 | grep -q 'for the receive interrupts of eth1 '",
    );
    await machine.ok(`ip addr add ${NETWORKS.eth1.guest}/24 dev eth1 && ip link set eth1 up`);
    await untilState(machine, 'start-katran-affinity@eth1', 'active');
    expect(await queues(machine, 'eth1-rxtx-')).toEqual(ALL_NODES);
    await untilState(machine, 'start-katran@eth1', 'active');
  });

  it('both instances run side by side, each with its interface and port', async () => {
    expect(
      (await show(machine, 'start-katran')).MainPID,
      await journal(machine, 'start-katran', '-n', '60'),
    ).toBe(launcherOfEth0);
    const katrans = await machine.ok('pgrep -af katran_server_grpc');
    expect(katrans).toMatch(/-intf=eth0 /);
    expect(katrans).toMatch(/-intf=eth1 .*-server=127\.0\.0\.1:50052 /);
  });

  it('with JSON lines the journal has katran’s errors by their severity, among the launcher’s', async () => {
    const errors = await journal(machine, 'start-katran@eth1', '-p', 'err');
    expect(errors).toMatch(/^\{"level":"error".*"source":"katran".*skipping unrecognized/m);
    expect(errors).not.toContain('katran is up and running');
  });
});
