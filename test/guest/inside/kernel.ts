import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Masks } from './observation.ts';

/** The mask of every interrupt of the guest, as the kernel says it. */
export function readMasks(): Masks {
  const irqs = readdirSync('/proc/irq').filter((name) => /^\d+$/.test(name));
  return Object.fromEntries(irqs.map((irq) => [irq, readMask(irq)]));
}

export function readMask(irq: string): string {
  return readFileSync(`/proc/irq/${irq}/smp_affinity`, 'utf8').trim();
}

export function writeMask(irq: string, mask: string): void {
  writeFileSync(`/proc/irq/${irq}/smp_affinity`, mask);
}

/** Interrupt numbers by what stands in the last column of /proc/interrupts. */
export function readIrqs(): Readonly<Record<string, string>> {
  const lines = readFileSync('/proc/interrupts', 'utf8').split('\n');
  const named = lines.flatMap((line): [string, string][] => {
    const [, irq, action] = /^ *(\d+):.*?(\S+)$/.exec(line) ?? [];
    return irq === undefined || action === undefined ? [] : [[action, irq]];
  });
  return Object.fromEntries(named);
}

/** The interrupt called `action`; throws when there is none, or when it has gone. */
export function irqOf(action: string): string {
  const irq = readIrqs()[action];
  if (irq === undefined) throw new Error(`/proc/interrupts has no ${action}`);
  return irq;
}

/** Gives every interrupt of the NICs to all CPUs: what a plan says is then a change, whatever the driver had chosen. */
export function releaseNicIrqs(allCpus: string): void {
  for (const [action, irq] of Object.entries(readIrqs())) {
    if (/^(virtio2-|eth\d)/.test(action)) writeMask(irq, allCpus);
  }
}

/** Runs a program that has to succeed. */
export function must(line: string): string {
  const [program = '', ...args] = line.split(' ');
  return execFileSync(program, args, { encoding: 'utf8', env: ENVIRONMENT });
}

/**
 * What the programs find in their environment. The optimising compiler of their runtime is off: code that is made anew all
 * the time is what an emulated CPU is slowest at, and with it a launch takes ten times as long.
 */
export const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  BUN_JSC_useDFGJIT: '0',
} as const;

export function setOnline(cpu: number, online: boolean): void {
  writeFileSync(`/sys/devices/system/cpu/cpu${cpu}/online`, online ? '1' : '0');
}

/** Waits for what the kernel does not announce; false when it has not come true after `limitMs`. */
export async function until(condition: () => boolean, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) return false;
    await pause(50);
  }
  return true;
}
