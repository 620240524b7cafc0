import { KernelFileError, type Root } from './root.ts';

/** IF_OPER_… of net/core/net-sysfs.c in which nothing that is sent can arrive. */
const SILENT = new Set(['down', 'lowerlayerdown', 'notpresent']);

/** False when /sys/class/net/IF/operstate says that the link is down; true also where it says nothing. Never throws. */
export function hasCarrier(root: Root, device: string): boolean {
  try {
    const state = root.readIfPresent(`/sys/class/net/${device}/operstate`);
    return state === undefined || !SILENT.has(state.trim());
  } catch (error) {
    // The device goes while it is read.
    if (error instanceof KernelFileError) return true;
    throw error;
  }
}
