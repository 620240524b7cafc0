import fs from 'node:fs';
import type { Vip } from './vips.ts';

/** A real as the file of services has it. */
export const real = (address: string, weight = 10): object => ({ address, weight, flags: [] });

/** A VIP with its reals, as that file has it. */
export const vipWith = (vip: Vip, reals: readonly string[]) => ({
  ...vip,
  flags: [],
  reals: reals.map((address) => real(address)),
});

/** Writes such a file, for its owner only. */
export function writeServices(file: string, services: object): void {
  fs.writeFileSync(file, JSON.stringify(services), { mode: 0o600 });
}
