import { parseAffinityMask } from '../linux/smp-affinity.ts';

/**
 * The CPU that an interrupt stays on under `keep`: that of its smp_affinity if it is one CPU, else that of its
 * effective_affinity. Undefined when neither names one online CPU. Throws what parseAffinityMask throws.
 */
export function keptCpu(
  current: string | null,
  effective: readonly number[] | null,
  online: ReadonlySet<number>,
): number | undefined {
  return only(current === null ? [] : parseAffinityMask(current), online) ?? only(effective ?? [], online);
}

function only(cpus: readonly number[], online: ReadonlySet<number>): number | undefined {
  const [cpu] = cpus;
  return cpus.length === 1 && cpu !== undefined && online.has(cpu) ? cpu : undefined;
}
