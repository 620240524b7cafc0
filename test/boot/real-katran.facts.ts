import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { giveVip, installKatran, REAL, STANDALONE_FLAGS, writeFlags } from './rig/installed.ts';
import { NETWORKS } from './rig/machine.ts';
import { packetsTo } from './rig/traffic.ts';
import { show, untilState } from './rig/units.ts';
import { machine } from './the-machine.ts';

const UNIT = 'start-katran.service';

/** Left out where there is none: a skipped test would count as one that failed to run. */
const describeReal = REAL === '' ? () => undefined : describe;

describeReal('the real katran in the unit as it is shipped', () => {
  beforeAll(async () => {
    await writeFlags(machine, STANDALONE_FLAGS);
    await installKatran(machine, 'real');
    await machine.ok(`systemctl start ${UNIT}`);
  });
  afterAll(() => machine.ok(`systemctl stop ${UNIT}`));

  it('comes up with three capabilities', async () => {
    expect(await show(machine, UNIT)).toMatchObject({
      ActiveState: 'active',
      CapabilityBoundingSet: 'cap_net_admin cap_perfmon cap_bpf',
    });
  });

  it('forwards what is sent to a VIP', async () => {
    await giveVip(machine);
    const packets = packetsTo(machine, 100);
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
      expect((await show(machine, UNIT)).StatusText).toContain('katran');
    } finally {
      await machine.ok(
        `rm /run/systemd/system/${UNIT}.d/less.conf; systemctl daemon-reload; systemctl reset-failed ${UNIT}`,
      );
    }
  });
});
