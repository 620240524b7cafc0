import type { Root } from './root.ts';

/** How many receive queues of an interface are in use: each has a `queues/rx-N`. 0 where there is no such directory. Throws KernelFileError. */
export function countReceiveQueues(root: Root, interfaceName: string): number {
  return root.list(`/sys/class/net/${interfaceName}/queues`).filter((name) => /^rx-\d+$/.test(name)).length;
}
