import { irqOf, setOnline, writeMask } from './kernel.ts';
import { bringUp } from './network.ts';
import { Notebook } from './notebook.ts';
import { cpuGoneAfterPlanning, launched, refusedByTheKernel, restored } from './stories.ts';

const notebook = new Notebook('ff,ffffffff');
bringUp(['eth0', 'eth1']);

const show = (intf: string, ...args: string[]): string[] => ['-affinitize', '-intf', intf, ...args];
for (const intf of ['eth0', 'eth1']) {
  await notebook.runFresh(`${intf} sequential`, ...show(intf, '-strategy', '0'));
  await notebook.runFresh(`${intf} same-node`, ...show(intf, '-strategy', '1'));
  await notebook.runFresh(`${intf} same-node nic`, ...show(intf, '-strategy', '1', '-numa_node', 'nic'));
  await notebook.runFresh(`${intf} all-nodes`, ...show(intf, '-strategy', '2'));
}
await notebook.runFresh('eth1 sequential of 30-33', ...show('eth1', '-strategy', '0', '-cpus', '30-33'));

notebook.reset();
for (const [queue, mask] of ['80,00000000', '00,80000000', '01,00000000', '00,00000001'].entries()) {
  writeMask(irqOf(`eth1-rxtx-${queue}`), mask);
  writeMask(irqOf(`eth1-rxtx-${queue + 4}`), mask);
}
await notebook.run('eth1 keep', ...show('eth1', '-strategy', '3'));

setOnline(33, false);
await notebook.runFresh('eth0 sequential without CPU 33', ...show('eth0', '-strategy', '0'));
setOnline(33, true);

await refusedByTheKernel(notebook, 'virtio2-input.39', 'nvme0q40');
await cpuGoneAfterPlanning(notebook, 35, 1);
await restored(notebook);
notebook.reset();
await launched(notebook, 'launch with affinity', '-affinitize', '-strategy', '2');
notebook.end();
