import { rmSync, writeFileSync } from 'node:fs';
import { countersFromFile, type Forwarding } from './forwarding.ts';
import { setting } from './settings.ts';

/**
 * Forwards nothing. The marker file stands for the XDP hook of the interface: one for all doubles on it, and it outlives
 * its maker. Detached by hook, not by owner: a second katran that exits takes the first one's forwarding with it.
 */
export function markerForwarding(): Forwarding {
  return {
    attach: () => {
      const path = setting('XDP');
      if (path !== '') writeFileSync(path, `${process.pid}\n`);
    },
    detach: () => {
      const path = setting('XDP');
      if (path !== '') rmSync(path, { force: true });
    },
    setMac: () => undefined,
    setVip: () => undefined,
    deleteVip: () => undefined,
    vipCounters: ({ address, port, protocol }) => countersFromFile(`${address}:${port}/${protocol}`),
    counters: countersFromFile,
  };
}
