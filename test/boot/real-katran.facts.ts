import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KatranCalls } from '../katran/rig/katran-calls.ts';
import { PacketStream } from '../support/packets.ts';
import { installKatran, REAL } from './rig/installed.ts';
import { NETWORKS } from './rig/machine.ts';
import { journal, show, untilState } from './rig/units.ts';
import { machine } from './the-machine.ts';

const UNIT = 'start-katran.service';
const VIP = { address: '10.200.1.1', port: 80, protocol: 17 };

/** Left out where there is none: a skipped test would count as one that failed to run. */
const describeReal = REAL === '' ? () => undefined : describe;

describeReal('the real katran in the unit as it is shipped', () => {
  const server = `${NETWORKS.eth0.guest}:50051`;
  let calls: KatranCalls;

  beforeAll(async () => {
    calls = new KatranCalls(['ip', 'netns', 'exec', machine.network.name]);
    await installKatran(machine, 'real');
    await machine.ok(`systemctl start ${UNIT}`);
  });
  afterAll(async () => {
    await calls.close();
    await machine.ok(`systemctl stop ${UNIT}`);
    await installKatran(machine, 'double');
  });

  it('comes up with three capabilities', async () => {
    expect(await show(machine, UNIT)).toMatchObject({
      ActiveState: 'active',
      CapabilityBoundingSet: 'cap_net_admin cap_perfmon cap_bpf',
    });
  });

  it('forwards what is sent to a VIP', async () => {
    expect(await calls.call(server, 'addVip', { vip: VIP })).toMatchObject({ answer: { success: true } });
    const real = { reals: [{ address: '10.0.0.1', weight: 10 }] };
    expect(await calls.call(server, 'modifyRealsForVip', { action: 'ADD', vip: VIP, real })).toMatchObject({
      answer: { success: true },
    });
    const packets = new PacketStream({
      namespace: machine.network,
      device: NETWORKS.eth0.tap,
      deviceMac: NETWORKS.eth0.mac,
      toMac: NETWORKS.eth0.guestMac,
      source: NETWORKS.eth0.gateway,
      vip: VIP.address,
      port: VIP.port,
      protocol: 'udp',
      perSecond: 100,
      count: 300,
    });
    await packets.firstBack;
    const report = await packets.report;
    expect(report.returned).toBe(report.sent);
    expect(report.outerMacs.map(({ mac }) => mac)).toEqual([NETWORKS.eth0.mac]);
  });

  it.each(['CAP_NET_ADMIN', 'CAP_BPF', 'CAP_PERFMON'])('does not come up without %s', async (capability) => {
    await machine.ok(`systemctl stop ${UNIT}
      mkdir -p /run/systemd/system/${UNIT}.d
      printf '[Service]\\nCapabilityBoundingSet=~${capability}\\nRestart=no\\n' > /run/systemd/system/${UNIT}.d/less.conf
      systemctl daemon-reload`);
    try {
      await machine.run(`systemctl start ${UNIT}`);
      await untilState(machine, UNIT, 'failed');
      expect(await journal(machine, UNIT)).toContain('katran');
    } finally {
      await machine.ok(
        `rm /run/systemd/system/${UNIT}.d/less.conf; systemctl daemon-reload; systemctl reset-failed ${UNIT}`,
      );
    }
  });
});
