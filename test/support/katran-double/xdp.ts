import { rmSync, writeFileSync } from 'node:fs';
import { journal } from './journal.ts';
import { setting } from './settings.ts';

/** The marker file stands for the XDP hook of the interface: one for all doubles on it, and it outlives its maker. */
export function attachXdp(): void {
  const path = setting('XDP');
  if (path !== '') writeFileSync(path, `${process.pid}\n`);
  journal('xdp-attached');
}

/** By hook, not by owner: a second katran that exits takes the first one's forwarding with it. */
export function detachXdp(): void {
  const path = setting('XDP');
  if (path !== '') rmSync(path, { force: true });
  journal('xdp-detached');
}
