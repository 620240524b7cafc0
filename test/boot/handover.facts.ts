import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PacketStream } from '../support/packets.ts';
import { giveVip, KATRAN, REAL, SHARED_FLAGS, writeFlags } from './rig/installed.ts';
import { packetsTo } from './rig/traffic.ts';
import { show, until, untilState } from './rig/units.ts';
import { machine } from './the-machine.ts';

const UNIT = 'start-katran.service';
const DROP_IN = `/etc/systemd/system/${UNIT}.d/handover.conf`;

const describeReal = REAL === '' ? () => undefined : describe;

/** The unit that the page of shared mode tells to write. */
function documentedRootUnit(): string {
  const page = readFileSync(resolve('docs/shared-mode.md'), 'utf8');
  const unit = /^# \/etc\/systemd\/system\/katran-root@\.service.*\n([^`]*)^```/m.exec(page)?.[1];
  if (unit === undefined) throw new Error('docs/shared-mode.md has no katran-root@.service');
  return unit;
}

const katranPid = (): Promise<string> => machine.ok(`pgrep -xf '${KATRAN} .*'`);

/** Ends the sending, and expects that each packet that was ever sent came back. */
async function lostNothing(packets: PacketStream): Promise<void> {
  const { lost, sent, returned } = await packets.stop();
  expect({ lost, missing: sent - returned }).toEqual({ lost: [], missing: 0 });
  expect(sent).toBeGreaterThan(50);
}

describeReal('the real katran behind a root array, as docs/shared-mode.md has it', () => {
  beforeAll(async () => {
    await machine.ok(`install -m755 /share/xdproot /usr/bin/xdproot
      cp /share/xdp_root.o /usr/lib/katran/xdp_root.o
      cat > /etc/systemd/system/katran-root@.service <<'UNIT'\n${documentedRootUnit()}UNIT
      install -D -m644 /usr/share/doc/start-katran/examples/handover.conf ${DROP_IN}
      systemctl daemon-reload
      systemctl enable --now katran-root@eth0.service`);
    await writeFlags(machine, SHARED_FLAGS);
    await machine.ok(`systemctl start ${UNIT}`);
    await giveVip(machine);
  });

  it('a reload hands over to a fresh katran, and loses no packet', async () => {
    const packets = packetsTo(machine);
    await packets.firstBack;
    const [katran, { MainPID: launcher }] = [await katranPid(), await show(machine, UNIT)];
    await machine.ok(`systemctl reload ${UNIT}`);
    expect(await katranPid()).not.toBe(katran);
    expect(await show(machine, UNIT)).toMatchObject({ MainPID: launcher, ActiveState: 'active' });
    await lostNothing(packets);
  });

  it('a launcher that is killed, katran with it, is started again and takes over, and no packet is lost', async () => {
    const packets = packetsTo(machine);
    await packets.firstBack;
    const [katran, { MainPID: launcher, NRestarts }] = [await katranPid(), await show(machine, UNIT)];
    await machine.ok(`kill -KILL ${launcher}`);
    await until(machine, `[ "$(systemctl show -P NRestarts ${UNIT})" -gt ${NRestarts} ]`);
    expect(await machine.run(`test -d /proc/${katran}`)).toMatchObject({ status: 1 });
    await untilState(machine, UNIT, 'active');
    expect(await katranPid()).not.toBe(katran);
    await lostNothing(packets);
  });
});
