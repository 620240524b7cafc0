import { expect, it } from 'vitest';
import { ownsServerEnd } from '../../../src/linux/tcp-peers.ts';
import { xdpProgramsOf } from '../../../src/linux/xdp-programs.ts';
import { madeRoot } from './made-root.ts';

const HEADER =
  '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const LOOPBACK = '0000000000000000FFFF00000100007F';
/** As katran's end of an accepted connection is in /proc/net/tcp6: its port 50051, the client's in hexadecimal. */
const row = (number: number, local: string, remote: string, state: string, inode: number): string =>
  `${String(number).padStart(4)}: ${LOOPBACK}:${local} ${LOOPBACK}:${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 000000000fcbdde9 20 4 30 10 -1\n`;

const CLIENT = 0xb1aa;
const machine = (rows: string, links: Readonly<Record<string, string>> = {}) =>
  madeRoot({ files: { '/proc/net/tcp6': HEADER + rows, '/proc/net/tcp': HEADER }, links });
const owns = (root: ReturnType<typeof machine>, pid: number): boolean | undefined =>
  ownsServerEnd(root, pid, 50051, CLIENT);

it('whose the server’s end of a connection is shows its inode among the descriptors of that process', () => {
  const root = machine(row(0, 'C383', 'B1AA', '01', 72835) + row(1, 'C383', 'B1AB', '01', 72836), {
    '/proc/812/fd/37': 'socket:[72835]',
    '/proc/813/fd/37': 'socket:[72836]',
  });
  expect(owns(root, 812)).toBe(true);
  expect(owns(root, 813)).toBe(false);
  expect(owns(root, 814)).toBe(false);
});

it('a connection that nobody has accepted yet belongs to nobody', () => {
  expect(owns(machine(row(0, 'C383', 'B1AA', '01', 0)), 812)).toBeUndefined();
  expect(owns(machine(''), 812)).toBeUndefined();
});

it('neither the listening socket, nor one that has ended, nor the client’s own end is taken for it', () => {
  const rows =
    row(0, 'C383', '0000', '0A', 1) + row(1, 'C383', 'B1AA', '06', 0) + row(2, 'B1AA', 'C383', '01', 3);
  expect(owns(machine(rows, { '/proc/812/fd/3': 'socket:[3]' }), 812)).toBeUndefined();
});

it('an IPv4 socket of the server counts as well', () => {
  const row4 =
    '   0: 0100007F:C383 0100007F:B1AA 01 00000000:00000000 00:00000000 00000000     0        0 55 1 000000000fcbdde9 20 4 30 10 -1\n';
  const root = madeRoot({
    files: { '/proc/net/tcp': HEADER + row4 },
    links: { '/proc/812/fd/9': 'socket:[55]' },
  });
  expect(owns(root, 812)).toBe(true);
});

it('the XDP programs of a process are those of type 6 that it holds, each once; none of one that is gone', () => {
  const program = (type: number, id: number): string =>
    `pos:\t0\nflags:\t02000002\nmnt_id:\t16\nino:\t1061\nprog_type:\t${type}\nprog_jited:\t1\nprog_tag:\t0557c30f0e157b34\nmemlock:\t16384\nprog_id:\t${id}\nrun_time_ns:\t0\n`;
  const root = madeRoot({
    files: {
      '/proc/812/fdinfo/0': 'pos:\t0\nflags:\t02\n',
      '/proc/812/fdinfo/9': program(6, 3214),
      '/proc/812/fdinfo/11': program(6, 133),
      '/proc/812/fdinfo/12': program(6, 3214),
      // The healthchecking program, and the root array.
      '/proc/812/fdinfo/14': program(3, 77),
      '/proc/812/fdinfo/15': 'pos:\t0\nmap_type:\t3\nmax_entries:\t3\nmap_id:\t45\n',
    },
  });
  expect(xdpProgramsOf(root, 812)).toEqual([133, 3214]);
  expect(xdpProgramsOf(root, 813)).toEqual([]);
});
