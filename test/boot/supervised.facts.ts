import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DOUBLE_JOURNAL, FLAGS, KATRAN, writeFlags } from './rig/installed.ts';
import { NETWORKS } from './rig/machine.ts';
import { pinned, PLANNED } from './rig/masks.ts';
import { journal, saidOfRun, show, shownWith, until, untilRestarted, untilState } from './rig/units.ts';
import { machine } from './the-machine.ts';

const UNIT = 'start-katran.service';
const SHIPPED_WATCHDOG = `/run/systemd/system/${UNIT}.d/shipped-watchdog.conf`;
const katranPid = (): Promise<string> => machine.ok(`pgrep -xf '${KATRAN} .*'`);

/** The double's own record: which events it saw, oldest first. */
const events = async (file = DOUBLE_JOURNAL): Promise<string[]> =>
  (await machine.ok(`cat ${file}`)).split('\n').map((line) => /"event":"(\w[\w-]*)"/.exec(line)?.[1] ?? line);

describe('a unit that is ordered after it', () => {
  beforeAll(async () => {
    await machine.ok(`cat > /etc/systemd/system/follower.service <<'UNIT'
[Unit]
After=${UNIT}
Requires=${UNIT}
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/cp ${DOUBLE_JOURNAL} /run/katran-when-ready
UNIT
systemctl daemon-reload
systemctl set-environment KATRAN_DOUBLE_JOURNAL=${DOUBLE_JOURNAL}
rm -f ${DOUBLE_JOURNAL}
systemctl start follower.service`);
  });

  it('starts when katran listens and its MAC has been read back, not before', async () => {
    expect(await events('/run/katran-when-ready')).toEqual(
      expect.arrayContaining(['start', 'xdp-attached', 'listening', 'getMac']),
    );
    const [own, after] = [await show(machine, UNIT), await show(machine, 'follower.service')];
    expect(Number(after.ExecMainStartTimestampMonotonic)).toBeGreaterThanOrEqual(
      Number(own.ActiveEnterTimestampMonotonic),
    );
  });

  it('finds every queue on the CPU of the plan', async () => {
    expect(await pinned(machine)).toEqual(PLANNED);
  });
});

describe('what a start says', () => {
  it('has one time, the journal’s, and the severity that -p asks for', async () => {
    const [all, warnings] = [await journal(machine, UNIT), await journal(machine, UNIT, '-p', 'warning')];
    expect(all).toMatch(/^katran is up and running$/m);
    expect(all).not.toMatch(/^\d{4}\/\d\d\/\d\d.*(?:katran is up|affinitizing)/m);
    expect(warnings).not.toContain('katran is up and running');
  });

  it('warns of an irqbalance that the next boot would start', async () => {
    expect(await journal(machine, UNIT, '-p', 'warning')).toMatch(/^warning: .*irqbalance/m);
  });
});

describe('while it runs', () => {
  it('a reload looks at the gateway now, and restarts neither launcher nor katran', async () => {
    const before = [(await show(machine, UNIT)).MainPID, await katranPid()];
    machine.network.setMac(NETWORKS.eth0.tap, '02:00:00:00:77:99');
    await machine.ok(`ip neigh flush dev eth0 && systemctl reload ${UNIT}`);
    await until(machine, `grep -q '"changeMac".*02:00:00:00:77:99' ${DOUBLE_JOURNAL}`);
    expect(await journal(machine, UNIT)).toContain('looking at gateway and affinity now');
    expect([(await show(machine, UNIT)).MainPID, await katranPid()]).toEqual(before);
    machine.network.setMac(NETWORKS.eth0.tap, NETWORKS.eth0.mac);
    await machine.ok(`ip neigh flush dev eth0 && systemctl reload ${UNIT}`);
  });

  it('an upgrade of the package restarts neither', async () => {
    const before = [(await show(machine, UNIT)).MainPID, await katranPid()];
    await machine.ok('dpkg -i /share/start-katran-later.deb');
    expect([(await show(machine, UNIT)).MainPID, await katranPid()]).toEqual(before);
    expect(await show(machine, UNIT)).toMatchObject({ ActiveState: 'active', NeedDaemonReload: 'no' });
  });

  it('a katran that is killed is started again', async () => {
    const [before, unit] = [await katranPid(), await show(machine, UNIT)];
    // From the next start on the watchdog is the one of the unit as it is shipped, for the next fact.
    await machine.ok(`mkdir -p ${dirname(SHIPPED_WATCHDOG)}
      printf '[Service]\\nWatchdogSec=%s\\n' "$(sed -n 's/^WatchdogSec=//p' /usr/lib/systemd/system/${UNIT})" > ${SHIPPED_WATCHDOG}
      systemctl daemon-reload
      kill -KILL ${before}`);
    await untilRestarted(machine, UNIT, unit);
    await untilState(machine, UNIT, 'active');
    expect(await katranPid()).not.toBe(before);
    expect((await show(machine, UNIT)).MainPID).not.toBe(unit.MainPID);
  });

  it('a katran that is frozen is an error in the log, and no reason to stop: the watchdog is for the launcher', async () => {
    const [katran, { MainPID: launcher }] = [await katranPid(), await show(machine, UNIT)];
    await machine.ok(`kill -STOP ${katran}`);
    await until(
      machine,
      `journalctl -b --no-pager -o cat -p err -u ${UNIT} | grep -q 'has not answered for'`,
    );
    const { WatchdogTimestampMonotonic: heard } = await show(machine, UNIT);
    await until(machine, `[ "$(systemctl show -P WatchdogTimestampMonotonic ${UNIT})" != ${heard} ]`);
    await machine.ok(`kill -CONT ${katran}`);
    await until(machine, `journalctl -b --no-pager -o cat -u ${UNIT} | grep -q 'answers again, after'`);
    expect(await show(machine, UNIT)).toMatchObject({ ActiveState: 'active', MainPID: launcher });
    expect(await katranPid()).toBe(katran);
  });

  it('a launcher that is frozen is stopped by the watchdog, says so, and is started again', async () => {
    // For the next fact, from the next start on.
    await writeFlags(machine, [...FLAGS, 'unresponsive_timeout=10000']);
    const unit = await show(machine, UNIT);
    const { MainPID: launcher, WatchdogTimestampMonotonic: heard } = unit;
    // Just after a sign of life, so that none is under way.
    await until(machine, `[ "$(systemctl show -P WatchdogTimestampMonotonic ${UNIT})" != ${heard} ]`);
    await until(machine, `! pgrep -P ${launcher} systemd-notify`);
    await machine.ok(`kill -STOP ${launcher}`);
    await until(machine, `journalctl -b --no-pager -o cat -u ${UNIT} | grep -q 'Watchdog timeout'`);
    // systemd sends SIGCONT after its signal: the launcher may have stopped in order by now.
    await machine.ok(`rm ${SHIPPED_WATCHDOG}; systemctl daemon-reload`);
    await untilRestarted(machine, UNIT, unit);
    expect(await journal(machine, UNIT, '-p', 'err')).toContain("the stop comes from systemd's watchdog");
    await untilState(machine, UNIT, 'active');
  });

  it('with -unresponsive_timeout a katran that is frozen is ended, the unit shows why, and both are started again', async () => {
    await writeFlags(machine, FLAGS);
    const [katran, unit] = [await katranPid(), await show(machine, UNIT)];
    await machine.ok(`kill -STOP ${katran}`);
    await shownWith(machine, UNIT, `StatusText=katran (pid ${katran}) has not answered for [0-9]* s`);
    await untilRestarted(machine, UNIT, unit);
    expect(await saidOfRun(machine, unit)).toContain('code=exited, status=1/FAILURE');
    expect(await machine.run(`test -d /proc/${katran}`)).toMatchObject({ status: 1 });
    await untilState(machine, UNIT, 'active');
  });

  it('a launcher that is killed takes katran with it, and both are started again', async () => {
    const [before, unit] = [await katranPid(), await show(machine, UNIT)];
    await machine.ok(`kill -KILL ${unit.MainPID}`);
    await untilRestarted(machine, UNIT, unit);
    expect(await machine.run(`test -d /proc/${before}`)).toMatchObject({ status: 1 });
    await untilState(machine, UNIT, 'active');
  });

  it('a stop ends katran in order, by one signal, and is a success', async () => {
    await machine.ok(`rm ${DOUBLE_JOURNAL}; systemctl stop ${UNIT}`);
    const seen = await events();
    expect(seen.filter((event) => event === 'signal')).toHaveLength(1);
    expect(seen.slice(-2)).toEqual(['xdp-detached', 'exit']);
    expect(await show(machine, UNIT)).toMatchObject({ ActiveState: 'inactive', Result: 'success' });
    expect(await journal(machine, UNIT)).toContain('katran exited with status 0');
  });
});
