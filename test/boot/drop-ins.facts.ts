import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLAGS, installKatran, OBJECT, writeFlags } from './rig/installed.ts';
import { show, shownWith, untilRestarted, untilState } from './rig/units.ts';
import { machine } from './the-machine.ts';

const UNIT = 'start-katran.service';
const EXAMPLES = '/usr/share/doc/start-katran/examples';
const DROP_INS = `/etc/systemd/system/${UNIT}.d`;
/** Of another user, and closed to the rest. */
const HOME = '/home/operator';
const BINARY = `${HOME}/katran_server_grpc`;

/** Keeps this line of the example with more capabilities, as it tells to. The unit is tried again by itself. */
async function keepOnly(line: string): Promise<void> {
  await machine.ok(`grep -xF -e '[Service]' -e '${line}' ${EXAMPLES}/more-capabilities.conf > ${DROP_INS}/more-capabilities.conf
    systemctl daemon-reload`);
}

describe('the drop-ins that the package brings', () => {
  beforeAll(async () => {
    await machine.ok(`install -d -m700 -o daemon ${HOME}
      install -D -m644 ${EXAMPLES}/always-again.conf ${DROP_INS}/always-again.conf
      systemctl daemon-reload
      systemd-run --unit=holder -p User=daemon socat TCP-LISTEN:50051,fork EXEC:true`);
    await installKatran(machine, 'double', { binary: BINARY, object: OBJECT });
    await writeFlags(machine, [...FLAGS, `binary=${BINARY}`]);
    await machine.run(`systemctl start ${UNIT}`);
  });
  afterAll(async () => {
    await machine.ok(`systemctl stop ${UNIT}
      rm ${DROP_INS}/always-again.conf ${DROP_INS}/more-capabilities.conf
      systemctl daemon-reload`);
    await writeFlags(machine, FLAGS);
  });

  it('always-again.conf: tried again also after status 2, here for a binary that root cannot reach', async () => {
    const failed = await shownWith(machine, UNIT, 'SubState=auto-restart');
    expect(failed.ExecMainStatus).toBe('2');
    expect(failed.StatusText).toContain(`${BINARY} cannot be reached: ${HOME} may not be entered`);
    await untilRestarted(machine, UNIT, failed);
  });

  it('more-capabilities.conf: with the line for closed directories it is reached, and the next obstacle is the port', async () => {
    await keepOnly('CapabilityBoundingSet=CAP_DAC_READ_SEARCH');
    const failed = await shownWith(machine, UNIT, 'StatusText=.* port 50051 is taken: .*');
    expect(failed.StatusText).toContain('something listening on 0.0.0.0');
    expect(failed.CapabilityBoundingSet).toBe('cap_dac_read_search cap_net_admin cap_perfmon cap_bpf');
  });

  it('more-capabilities.conf: with the line for the port its holder is named, another user’s process', async () => {
    await keepOnly('CapabilityBoundingSet=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH');
    const { MainPID: holder } = await show(machine, 'holder');
    await shownWith(machine, UNIT, `StatusText=.* port 50051 is taken: socat (pid ${holder}) .*`);
  });

  it('it comes up by itself when nothing is in the way any more', async () => {
    await machine.ok('systemctl stop holder');
    await untilState(machine, UNIT, 'active');
    expect(await machine.ok('pgrep -f katran_server_grpc -a')).toContain(BINARY);
  });
});
