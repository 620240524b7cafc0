import { expect, it, onTestFinished } from 'vitest';
import { parseInvocation } from '../../../src/cli/options.ts';
import { katranEndpoint } from '../../../src/katran/endpoint.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { observe } from '../../../src/status/observe.ts';
import { scratch } from '../../support/launcher.ts';
import { makeMachine, type MadeNic } from '../../support/made-machine.ts';
import { NO_TOOLS } from '../../support/tools.ts';
import { KatranStandIn } from '../launch/stand-ins.ts';

/** What status finds against the one interface of a machine. */
async function troubleOf(nic: Omit<MadeNic, 'name'>): Promise<string | null> {
  const machine = scratch();
  onTestFinished(() => machine.remove());
  makeMachine(machine.path, { cpus: 2, nics: [{ name: 'eth0', ...nic }] });
  // Nobody listens there: only the machine is looked at.
  const invocation = parseInvocation(['status', '-intf', 'eth0', '-server', '127.0.0.1:1'], {});
  if (invocation.kind !== 'status') throw new Error(invocation.kind);
  const { options } = invocation;
  const task = { options, root: openRoot(machine.path), tools: NO_TOOLS };
  const { interfaceTrouble } = await observe({
    task,
    endpoint: katranEndpoint(options),
    client: new KatranStandIn(),
    launcherOn: () => undefined,
  });
  return interfaceTrouble;
}

it.each<[string, Omit<MadeNic, 'name'>]>([
  ['with interrupts of its own', { driver: 'ixgbe', vectors: ['eth0-TxRx-0'] }],
  ['without any (a veth, hv_netvsc)', { driver: 'veth', vectors: [], device: 'none' }],
])('an interface %s that is down is found, and one that is up is not', async (_what, nic) => {
  expect(await troubleOf({ ...nic, up: false })).toMatch(/^eth0 is down/);
  expect(await troubleOf({ ...nic, up: true })).toBeNull();
});
