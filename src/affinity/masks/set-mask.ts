import { Failure, messageOf } from '../../failure.ts';
import { KernelFileError, ownUid } from '../../linux/root.ts';
import type { Root } from '../../linux/root.ts';
import { parseAffinityMask, readAffinity, writeAffinity } from '../../linux/smp-affinity.ts';
import { suspectClause } from '../suspects.ts';

/** A mask that the kernel refused, or that it did not keep; `reason` says why in words. */
export class MaskNotSet extends Failure {
  readonly irq: number;
  /** The errno name, or undefined when the write was accepted and something else read back. */
  readonly code: string | undefined;
  readonly reason: string;

  constructor(irq: number, reason: string, code?: string, cause?: unknown) {
    super(`irq ${irq}: ${reason}`, { cause });
    this.irq = irq;
    this.code = code;
    this.reason = reason;
  }
}

/** Whether two smp_affinity texts name the same CPUs: `1` and `00000000,00000001` do. Text that is no mask is never the same. */
export function sameMask(one: string, other: string): boolean {
  if (one === other) return true;
  try {
    const cpus = parseAffinityMask(one);
    const others = parseAffinityMask(other);
    return cpus.length === others.length && cpus.every((cpu, index) => cpu === others[index]);
  } catch {
    return false;
  }
}

/** Why the kernel refuses a write to /proc/irq/N/smp_affinity (kernel/irq/proc.c, kernel/irq/manage.c), by errno. */
function refusalInWords(code: string | undefined, uid: number | undefined = ownUid()): string {
  const asRoot = uid === undefined || uid === 0;
  switch (code) {
    case 'EIO':
      return 'EIO, this interrupt is managed by the kernel, which lets nobody move it';
    case 'EPERM':
      return asRoot
        ? 'EPERM, this interrupt is managed by the kernel, which lets nobody move it'
        : 'EPERM, only root may move interrupts: run as root';
    case 'EACCES':
      return asRoot
        ? 'EACCES, root is not allowed to write it here: a capability (CAP_DAC_OVERRIDE) or a security policy is missing'
        : 'EACCES, only root may move interrupts: run as root';
    case 'EROFS':
      return 'EROFS, it is mounted read-only (a container, or ProtectKernelTunables= of systemd): run on the host';
    case 'EINVAL':
      return 'EINVAL, no CPU of the mask is online';
    case 'ENOSPC':
      return 'ENOSPC, the CPU is out of interrupt vectors: use fewer queues (ethtool -L) or other CPUs (-cpus)';
    case 'ENOENT':
      return 'ENOENT, the interrupt is gone: its driver freed it (interface down, reset, or fewer queues?)';
    case 'EOVERFLOW':
      return 'EOVERFLOW, the mask is wider than the CPUs this kernel can have';
    case undefined:
      return 'the kernel refused it';
    default:
      return `${code}, the kernel refused it`;
  }
}

function refused(irq: number, error: unknown): MaskNotSet {
  const code = error instanceof KernelFileError ? error.code : undefined;
  const reason =
    code === undefined
      ? messageOf(error)
      : error instanceof KernelFileError
        ? `${error.path}: ${refusalInWords(code)}`
        : refusalInWords(code);
  return new MaskNotSet(irq, reason, code, error);
}

/**
 * Writes a mask to /proc/irq/N/smp_affinity and reads it back, comparing sets of CPUs (the file holds the pending mask
 * at once; effective_affinity follows later). Throws MaskNotSet.
 */
export function setMask(root: Root, irq: number, mask: string): void {
  let found: string;
  try {
    writeAffinity(root, irq, mask);
    found = readAffinity(root, irq);
  } catch (error) {
    throw refused(irq, error);
  }
  if (!sameMask(found, mask)) {
    throw new MaskNotSet(irq, `the write was accepted, but it reads back as ${found}${suspectClause(root)}`);
  }
}
