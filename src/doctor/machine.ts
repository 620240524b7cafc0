import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { mebibytes } from '../katran/lru-memory.ts';
import { readMemory } from '../linux/meminfo.ts';
import { distribution } from '../linux/os-release.ts';
import type { Host } from './host.ts';

/** Its answers come from lscpu, dmidecode and dmesg, which it starts in a shell; a report does not wait for one that hangs. */
const PATIENCE_MS = 5000;

async function within<T>(answer: Promise<T>, what: string): Promise<T | string> {
  const over = new AbortController();
  try {
    return await Promise.race([
      answer,
      pause(PATIENCE_MS, `(${what} not told in ${PATIENCE_MS} ms)`, { signal: over.signal }),
    ]);
  } finally {
    over.abort();
  }
}

/**
 * Processor and virtualisation of this machine as systeminformation tells them. Not its `osInfo()`, which runs `hostname -f` and waits for a
 * name server, nor its `mem()`: /proc/meminfo is read here already. No serial numbers.
 */
async function hardware(): Promise<string[]> {
  const { default: information } = await import('systeminformation');
  const cpu = await within(information.cpu(), 'CPU');
  const system = await within(information.system(), 'system');
  return [
    typeof cpu === 'string'
      ? cpu
      : `CPU: ${cpu.manufacturer} ${cpu.brand}, family ${cpu.family} model ${cpu.model} stepping ${cpu.stepping}, ` +
        `sockets ${cpu.processors}, cores ${cpu.physicalCores}, threads ${cpu.cores}`,
    typeof system === 'string'
      ? system
      : `machine: ${`${system.manufacturer} ${system.model}`.trim()}${system.virtual ? `, virtual (${system.virtualHost ?? 'unknown'})` : ''}`,
  ];
}

/** The section of a report that says what machine it is. Throws Failure. */
export async function machineWords({ root }: Host): Promise<string> {
  let memory: string;
  try {
    const { total, available } = readMemory(root);
    memory = `${mebibytes(total)}, available ${mebibytes(available)}`;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    memory = `(${error.message})`;
  }
  return [
    `distribution: ${distribution(root) ?? '(no os-release)'}`,
    `memory: ${memory}`,
    ...(root.live ? await hardware() : ['CPU and machine: not asked below -sysroot']),
  ].join('\n');
}
