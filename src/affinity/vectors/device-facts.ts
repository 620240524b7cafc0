import path from 'node:path';
import { countReceiveQueues } from '../../linux/receive-queues.ts';
import type { Root } from '../../linux/root.ts';
import type { DeviceFacts } from './discover.ts';

/** Reads from /sys/class/net/IF what telling vectors apart needs beyond NetDevice. */
export function readDeviceFacts(root: Root, interfaceName: string): DeviceFacts {
  const directory = `/sys/class/net/${interfaceName}`;
  const device = root.realpath(`${directory}/device`);
  return {
    receiveQueues: countReceiveQueues(root, interfaceName),
    ports: device === undefined ? [] : root.list(`${device}/net`).filter((name) => name !== interfaceName),
    ...(device === undefined ? {} : { deviceDirectory: path.basename(device) }),
  };
}
