import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { OtherCallers } from '../../../src/launch/other-callers.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { acceptedConnections } from '../../../src/linux/tcp-callers.ts';
import { madeRoot } from '../linux/made-root.ts';

const PID = 812;
const PORT = 50051;
const HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const SOMEBODY =
  '   0: 0100007F:C383 0A00000A:B1AA 01 00000000:00000000 00:00000000 00000000     0        0 7 1 0 20 4 30 10 -1\n';
let files: Record<string, string>;
const accepted = (count: number): void => {
  files[`/proc/${PID}/net/snmp`] = `Tcp: PassiveOpens\nTcp: ${count}\n`;
};
const connected = (rows: string): void => {
  files[`/proc/${PID}/net/tcp`] = HEADER + rows;
};
const callers = (): OtherCallers =>
  new OtherCallers(PID, PORT, {
    ...madeRoot({ files: {} }),
    readIfPresent: (path) => files[path],
    read: (path) => files[path] ?? '',
  });

beforeEach(() => {
  vi.useFakeTimers();
  files = {};
  accepted(3);
  connected('');
});
afterEach(() => void vi.useRealTimers());

it('nobody has called after the first look as long as nothing is accepted', () => {
  const watch = callers();
  expect(watch.mayHaveCalled()).toBe(true);
  expect(watch.mayHaveCalled()).toBe(false);
  vi.advanceTimersByTime(3_600_000);
  expect(watch.mayHaveCalled()).toBe(false);
});

it('a connection that was accepted and is closed again may have brought a call, once the table shows it', () => {
  const watch = callers();
  watch.mayHaveCalled();
  vi.advanceTimersByTime(10_000);
  accepted(4);
  expect(watch.mayHaveCalled()).toBe(true);
  expect(watch.mayHaveCalled()).toBe(false);
  accepted(5);
  // The table was read just now: somebody is believed to be connected until it is read again.
  expect(watch.mayHaveCalled()).toBe(true);
  expect(watch.mayHaveCalled()).toBe(true);
  vi.advanceTimersByTime(10_000);
  expect(watch.mayHaveCalled()).toBe(true);
  expect(watch.mayHaveCalled()).toBe(false);
});

it('somebody who stays connected may call at any time', () => {
  connected(SOMEBODY);
  const watch = callers();
  for (let look = 0; look < 10; look += 1) {
    expect(watch.mayHaveCalled()).toBe(true);
    vi.advanceTimersByTime(10_000);
  }
  connected('');
  expect(watch.mayHaveCalled()).toBe(true);
  expect(watch.mayHaveCalled()).toBe(false);
});

it('where the kernel does not tell, anybody may have called', () => {
  files = {};
  const watch = callers();
  expect(watch.mayHaveCalled()).toBe(true);
  expect(watch.mayHaveCalled()).toBe(true);
});

it('this kernel counts a connection that it accepts', async () => {
  vi.useRealTimers();
  const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const before = acceptedConnections(openRoot('/'), process.pid);
  const client = net.connect(address.port, '127.0.0.1');
  await once(client.resume(), 'close');
  expect(acceptedConnections(openRoot('/'), process.pid)).toBeGreaterThan(before ?? Number.NaN);
  server.close();
});
