import path from 'node:path';
import type { Root } from '../../linux/root.ts';
import type { DeviceFacts } from './discover.ts';

/** Reads from /sys/class/net/IF what telling vectors apart needs beyond NetDevice. */
export function readDeviceFacts(root: Root, interfaceName: string): DeviceFacts {
  const directory = `/sys/class/net/${interfaceName}`;
  const device = root.realpath(`${directory}/device`);
  const receiveQueues = root.list(`${directory}/queues`).filter((name) => /^rx-\d+$/.test(name)).length;
  return {
    receiveQueues,
    ports: device === undefined ? [] : root.list(`${device}/net`).filter((name) => name !== interfaceName),
    ...(device === undefined ? {} : { deviceDirectory: path.basename(device) }),
  };
}
