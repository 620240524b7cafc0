import { readFileSync } from 'node:fs';
import type { Real, Vip } from './services.ts';
import { setting } from './settings.ts';

/** Two numbers as text, as the calls for counters answer them. */
export interface Counters {
  readonly v1: string;
  readonly v2: string;
}

/** Counters of katran as a whole, by their names in the STATS file. */
export type CounterName = 'lru' | 'lru-miss' | 'icmp-too-big' | 'fallback';

/** What becomes of katran's program and maps: a marker file and numbers from files, or real BPF. */
export interface Forwarding {
  /** Puts the program where `-intf`, `-map_path` and `-prog_pos` say; throws when it cannot, which aborts katran. */
  attach(): void;
  /** Takes it away, whoever's it is by then. */
  detach(): void;
  setMac(mac: string): void;
  setVip(vip: Vip, reals: readonly Real[]): void;
  deleteVip(vip: Vip): void;
  vipCounters(vip: Vip): Counters;
  counters(name: CounterName): Counters;
}

/** The two numbers that a line of the STATS file gives a name, read at each call; zeros without one. */
export function countersFromFile(name: string): Counters {
  if (name === 'fallback') return twoNumbers(contents('FALLBACK').trim());
  const line = contents('STATS')
    .split('\n')
    .find((candidate) => candidate.startsWith(`${name} `));
  return twoNumbers(line?.slice(name.length + 1) ?? '');
}

function contents(name: 'FALLBACK' | 'STATS'): string {
  const path = setting(name);
  return path === '' ? '' : readFileSync(path, 'utf8');
}

function twoNumbers(line: string): Counters {
  const [v1 = '', v2 = ''] = line.split(/\s+/);
  return { v1: v1 || '0', v2: v2 || '0' };
}
