import { expect, it } from 'vitest';
import { acceptedConnections, othersConnected } from '../../../src/linux/tcp-callers.ts';
import { madeRoot } from './made-root.ts';

const HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const LOOPBACK = '0100007F';
const MAPPED = `0000000000000000FFFF0000${LOOPBACK}`;
const ELSEWHERE = '0A00000A';
const PORT = 50051;
const row = (local: string, remote: string, state: string, inode: number): string =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 000000000fcbdde9 20 4 30 10 -1\n`;
const machine = (tcp: string, tcp6 = '', links: Readonly<Record<string, string>> = {}) =>
  madeRoot({
    files: { '/proc/812/net/tcp': HEADER + tcp, '/proc/812/net/tcp6': HEADER + tcp6 },
    links,
  });

const LISTENING = row('00000000:C383', '00000000:0000', '0A', 1);
const OUR_END = row(`${LOOPBACK}:B1AA`, `${LOOPBACK}:C383`, '01', 42);
const OURS = { '/proc/self/fd/9': 'socket:[42]' };

it('a connection whose other end is our own is nobody else’s, of either family', () => {
  const served = row(`${LOOPBACK}:C383`, `${LOOPBACK}:B1AA`, '01', 7);
  expect(othersConnected(machine(LISTENING + served + OUR_END, '', OURS), 812, PORT)).toBe(false);
  const mapped = row(`${MAPPED}:C383`, `${MAPPED}:B1AA`, '01', 7);
  expect(othersConnected(machine(LISTENING + OUR_END, mapped, OURS), 812, PORT)).toBe(false);
});

it('one of another process here, and one from elsewhere with the same port as ours, are somebody else’s', () => {
  const served = row(`${LOOPBACK}:C383`, `${LOOPBACK}:B1AA`, '01', 7);
  expect(othersConnected(machine(served + OUR_END), 812, PORT)).toBe(true);
  const far = row(`${LOOPBACK}:C383`, `${ELSEWHERE}:B1AA`, '01', 7);
  expect(othersConnected(machine(OUR_END + far, '', OURS), 812, PORT)).toBe(true);
});

it('one that its client has closed may still have a call in it; one in TIME_WAIT has not', () => {
  const closing = row(`${LOOPBACK}:C383`, `${ELSEWHERE}:B1AA`, '08', 7);
  expect(othersConnected(machine(closing), 812, PORT)).toBe(true);
  const over = row(`${LOOPBACK}:C383`, `${ELSEWHERE}:B1AA`, '06', 0);
  expect(othersConnected(machine(LISTENING + over), 812, PORT)).toBe(false);
});

it('connections to another port do not count, and where nothing can be seen somebody is believed to be there', () => {
  const other = row(`${LOOPBACK}:0016`, `${ELSEWHERE}:B1AA`, '01', 7);
  expect(othersConnected(machine(other), 812, PORT)).toBe(false);
  expect(othersConnected(machine(''), 813, PORT)).toBe(true);
});

it('how many were accepted is found by its name in the header', () => {
  const snmp = 'Ip: Forwarding\nIp: 1\nTcp: RtoMin PassiveOpens InSegs\nTcp: 200 12953 7\nUdp: A\nUdp: 1\n';
  const root = madeRoot({
    files: { '/proc/812/net/snmp': snmp, '/proc/814/net/snmp': 'Tcp: RtoMin\nTcp: 200\n' },
  });
  expect(acceptedConnections(root, 812)).toBe(12953);
  expect(acceptedConnections(root, 813)).toBeUndefined();
  expect(acceptedConnections(root, 814)).toBeUndefined();
});
