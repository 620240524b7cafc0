import { afterAll, beforeAll } from 'vitest';
import { Machine } from './rig/boot.ts';
import { givePrograms } from './rig/installed.ts';

/** The one machine of this suite: what one file does to it, the next one finds. */
export const machine = new Machine();

beforeAll(async () => {
  await givePrograms(machine);
  await machine.boot();
}, 900_000);

afterAll(() => machine.remove());
