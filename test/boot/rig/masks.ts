import type { Machine } from './boot.ts';

/** smp_affinity of each interrupt of a device, by the name of its action: `virtio4-input.0` → `01`. */
export async function masks(machine: Machine, names: string): Promise<Readonly<Record<string, string>>> {
  const text = await machine.ok(
    `grep -E '${names}' /proc/interrupts | while read -r irq rest; do
       echo "\${rest##* } $(cat /proc/irq/\${irq%:}/smp_affinity)"
     done`,
  );
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [name = '', mask = ''] = line.split(' ');
        return [name, mask];
      }),
  );
}

/** The masks of a card by queue. */
export const queues = async (machine: Machine, names: string): Promise<string[]> =>
  Object.values(await masks(machine, names));

/** All-nodes over CPUs 0-3 on node 0 and 4-7 on node 1, eight queues: by hand. */
export const ALL_NODES = ['01', '10', '02', '20', '04', '40', '08', '80'];

/** What eth0's interrupts have of that plan, each receive interrupt and the transmit interrupt of its queue. */
export const PLANNED: Readonly<Record<string, string>> = Object.fromEntries(
  ALL_NODES.flatMap((mask, queue) => [
    [`input.${queue}`, mask],
    [`output.${queue}`, mask],
  ]),
);

/** What they have in fact. */
export async function pinned(machine: Machine): Promise<Readonly<Record<string, string>>> {
  const found = await masks(machine, 'virtio[0-9]+-(in|out)put\\.[0-9]+$');
  return Object.fromEntries(
    Object.entries(found).map(([name, mask]) => [name.replace(/^virtio\d+-/, ''), mask]),
  );
}
