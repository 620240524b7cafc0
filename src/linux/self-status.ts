import { Failure } from '../failure.ts';
import type { Root } from './root.ts';

export interface ProcessStatus {
  readonly effectiveUid: number;
  /** CapEff, one bit a capability. */
  readonly effectiveCapabilities: bigint;
}

/** Bit numbers of include/uapi/linux/capability.h. */
export const CAPABILITY = { NET_ADMIN: 12, SYS_ADMIN: 21, SYS_RESOURCE: 24, BPF: 39 } as const;

export function hasCapability(
  { effectiveCapabilities }: ProcessStatus,
  name: keyof typeof CAPABILITY,
): boolean {
  return ((effectiveCapabilities >> BigInt(CAPABILITY[name])) & 1n) === 1n;
}

/** Who we are, from /proc/self/status. Throws KernelFileError, Failure. */
export function readStatus(root: Root): ProcessStatus {
  const text = root.read('/proc/self/status');
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(text)?.[1];
  const capabilities = /^CapEff:\s+([0-9a-f]+)/im.exec(text)?.[1];
  if (uid === undefined || capabilities === undefined)
    throw new Failure(`${root.hostPath('/proc/self/status')} lacks Uid or CapEff`);
  return { effectiveUid: Number(uid), effectiveCapabilities: BigInt(`0x${capabilities}`) };
}
