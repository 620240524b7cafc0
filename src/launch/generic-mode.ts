import { Failure } from '../failure.ts';
import { bondMode } from '../linux/bonding.ts';
import { hasNativeXdp, mtuLimit } from '../linux/native-xdp.ts';
import { readNetDevice, type NetDevice } from '../linux/net-device.ts';
import type { Root } from '../linux/root.ts';
import { readFeatures } from '../tools/ethtool.ts';
import { readLink } from '../tools/ip.ts';
import type { Tools } from '../tools/toolbox.ts';

async function answerOf<T>(question: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Why the kernel runs XDP after the driver on this interface, as a clause; what can be done about it where something can. */
export async function whyGeneric(root: Root, tools: Tools, name: string): Promise<string> {
  const unknown = 'see dmesg for what the driver refused';
  const device = await answerOf(() => readNetDevice(root, name));
  if (device === undefined) return unknown;
  if (device.kind === 'bond')
    return `a bond in mode ${bondMode(root, name) ?? 'unknown'} hands XDP on only from Linux 5.15, and if all its members take it; or run one katran on each member`;
  if (['vlan', 'bridge', 'team'].includes(device.kind))
    return `${device.kind === 'vlan' ? 'a VLAN' : `a ${device.kind}`} has no XDP of its own; attach to the interface below it`;
  return (await whyOfDevice(tools, device)) ?? unknown;
}

async function whyOfDevice(
  tools: Tools,
  { name, driver: listed, mtu }: NetDevice,
): Promise<string | undefined> {
  const driver = listed ?? (await answerOf(() => readLink(tools, name)))?.kind ?? null;
  if (!hasNativeXdp(driver)) return `the driver ${driver ?? '(unknown)'} has no XDP of its own`;
  if (mtu > mtuLimit(driver))
    return `the MTU ${mtu} is above what ${driver ?? 'the driver'} takes (${mtuLimit(driver)}): ip link set ${name} mtu 1500, then restart katran`;
  const lro = (await answerOf(() => readFeatures(tools, name)))?.get('large-receive-offload');
  if (lro?.on === true) return `LRO is on: ethtool -K ${name} lro off, then restart katran`;
  return undefined;
}
