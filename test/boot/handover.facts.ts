import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PacketStream } from '../support/packets.ts';
import { giveVip, KATRAN, REAL, SHARED_FLAGS, writeFlags } from './rig/installed.ts';
import { packetsTo } from './rig/traffic.ts';
import { show, until, untilRestarted, untilState } from './rig/units.ts';
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
    const [katran, unit] = [await katranPid(), await show(machine, UNIT)];
    await machine.ok(`kill -KILL ${unit.MainPID}`);
    await untilRestarted(machine, UNIT, unit);
    expect(await machine.run(`test -d /proc/${katran}`)).toMatchObject({ status: 1 });
    await untilState(machine, UNIT, 'active');
    expect(await katranPid()).not.toBe(katran);
    await lostNothing(packets);
  });
});

/** Ids of katran's healthchecking programs on the way out of eth0, as tc tells them. */
async function healthcheckPrograms(): Promise<string[]> {
  const filters = await machine.ok('tc filter show dev eth0 egress');
  return [...filters.matchAll(/ bpf .* id (\d+) /g)].map(([, id = '']) => id);
}

async function theOnlyProgram(): Promise<string> {
  const programs = await healthcheckPrograms();
  expect(programs).toHaveLength(1);
  return programs[0] ?? '';
}

describeReal('with healthchecking, each katran’s tc filter', () => {
  let program: string;
  beforeAll(async () => {
    await machine.ok(`for module in ipip ip6_tunnel cls_bpf act_gact sch_ingress; do modprobe $module; done
      ip link add ipip0 type ipip external
      ip link add ipip60 type ip6tnl external
      ip link set ipip0 up; ip link set ipip60 up
      cp /share/healthchecking_ipip.o /usr/lib/katran/`);
    await machine.ok(`systemctl stop ${UNIT}`);
    await writeFlags(machine, [...SHARED_FLAGS, 'enable_hc', 'hc_bpf=/usr/lib/katran/healthchecking_ipip.o']);
    await machine.ok(`systemctl start ${UNIT}`);
    program = await theOnlyProgram();
  });
  // The next boot is without.
  afterAll(async () => {
    await writeFlags(machine, SHARED_FLAGS);
    await machine.ok(`systemctl start ${UNIT}`);
  });

  it('is followed by that of the katran that takes over on request', async () => {
    await machine.ok(`systemctl reload ${UNIT}`);
    const next = await theOnlyProgram();
    expect(next).not.toBe(program);
    program = next;
  });

  it('is followed by that of the next one after katran crashed', async () => {
    await machine.ok(`kill -SEGV ${await katranPid()}`);
    await until(
      machine,
      `ids=$(tc filter show dev eth0 egress | grep -o ' id [0-9]*') && [ $(wc -l <<< "$ids") = 1 ] && [ "$ids" != ' id ${program}' ]`,
    );
  });

  it('is gone after a stop', async () => {
    await machine.ok(`systemctl stop ${UNIT}`);
    expect(await healthcheckPrograms()).toEqual([]);
  });
});
