import { irqOf, setOnline, writeMask } from './kernel.ts';
import { bringUp, makeBondWithVlan } from './network.ts';
import { Notebook } from './notebook.ts';
import {
  cpuGoneAfterPlanning,
  grown,
  interrupted,
  launchedWithoutAffinity,
  pin,
  refusedByTheKernel,
  repaired,
  restored,
  restoredAfterDownAndUp,
  warned,
} from './stories.ts';

const notebook = new Notebook('ff');
// eth3 stays down: it never was up.
bringUp(['eth0', 'eth1', 'eth2', 'eth6']);
makeBondWithVlan();

// Written and shown: -affinitize without -run prints katran's arguments too.
const show = (intf: string, ...args: string[]): string[] => ['-affinitize', '-intf', intf, ...args];
for (const intf of ['eth0', 'eth1', 'eth2', 'eth6', 'bond0.100']) {
  await notebook.runFresh(`${intf} sequential`, ...show(intf, '-strategy', '0'));
  await notebook.runFresh(`${intf} same-node`, ...show(intf, '-strategy', '1'));
  await notebook.runFresh(`${intf} all-nodes`, ...show(intf, '-strategy', '2'));
}
await notebook.runFresh('eth0 same-node nic', ...show('eth0', '-strategy', '1', '-numa_node', 'nic'));
await notebook.runFresh('eth0 sequential of 2-5', ...show('eth0', '-strategy', '0', '-cpus', '2-5'));
await notebook.runFresh('eth1 all-nodes of 1,2,7', ...show('eth1', '-strategy', '2', '-cpus', '1,2,7'));
await notebook.runFresh('eth2 same-node 1', ...show('eth2', '-strategy', '1', '-numa_node', '1'));
await notebook.runFresh('eth6 on CPU 5', ...show('eth6', '-strategy', '0', '-cpus', '5'));

for (const [intf, masks] of Object.entries({
  eth0: { 'virtio2-input.#': ['80', '40', '20', '10', '08', '04', '02', '01'] },
  eth1: { 'eth1-rxtx-#': ['08', '10', '04', '20', '02', '40', '01', '80'] },
  eth2: { 'eth2-rx-#': ['40'] },
  eth6: { eth6: ['08'] },
  'bond0.100': { 'eth4-rx-#': ['20'], 'eth5-rx-#': ['02'] },
})) {
  notebook.reset();
  for (const [name, list] of Object.entries(masks)) {
    for (const [index, mask] of list.entries()) writeMask(irqOf(name.replace('#', String(index))), mask);
  }
  await notebook.run(`${intf} keep`, ...show(intf, '-strategy', '3'));
}

await notebook.runFresh('preview', '-intf', 'eth0');
await notebook.runFresh('dry run', ...show('eth0'), '-dry_run', '-run');
await notebook.runFresh('JSON', '-json', '-intf', 'eth1', '-strategy', '0');
await notebook.runFresh('never up', ...pin('eth3', '0'));

setOnline(2, false);
await notebook.runFresh('eth0 sequential without CPU 2', ...show('eth0', '-strategy', '0'));
await notebook.runFresh('eth0 same-node without CPU 2', ...show('eth0', '-strategy', '1'));
await notebook.runFresh('eth0 all-nodes without CPU 2', ...show('eth0', '-strategy', '2'));
await notebook.runFresh('offline CPU asked for', ...pin('eth0', '0'), '-cpus', '1-3');
setOnline(2, true);

await refusedByTheKernel(notebook, 'virtio2-input.0', 'nvme0q1');
await refusedByTheKernel(notebook, 'virtio2-input.5', 'nvme0q3');
await refusedByTheKernel(notebook, 'virtio2-output.7', 'nvme0q8');
await cpuGoneAfterPlanning(notebook, 6, 1);
await restored(notebook);
await restoredAfterDownAndUp(notebook);
await interrupted(notebook);

await launchedWithoutAffinity(notebook);
await warned(notebook, 5);
await repaired(notebook, 5);
await grown(notebook);
notebook.end();
