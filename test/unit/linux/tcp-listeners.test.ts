import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KernelFileError, openRoot, type Root } from '../../../src/linux/root.ts';
import { findListeners, parseListeningSockets } from '../../../src/linux/tcp-listeners.ts';
import { madeRoot, thrownBy } from './made-root.ts';

const HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n';
const socket = (number: number, local: string, state: string, inode: number): string =>
  `${String(number).padStart(4)}: ${local} ${local.length > 20 ? '0'.repeat(32) : '00000000'}:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 000000000fcbdde9 100 0 0 10 0                        \n`;

describe('parseListeningSockets', () => {
  it('reads those in state 0A, with addresses and ports in hexadecimal', () => {
    const text =
      HEADER +
      socket(0, '0100007F:C383', '0A', 38) +
      socket(1, '020200C0:CB82', '06', 0) +
      socket(2, '00000000:0016', '0A', 40);
    expect(parseListeningSockets(text)).toEqual([
      { address: '127.0.0.1', port: 50051, inode: 38 },
      { address: '0.0.0.0', port: 22, inode: 40 },
    ]);
  });

  it.each([
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000001000000', '::1'],
    ['B80D0120000000000000000001000000', '2001:db8::1'],
  ])('reads the four little-endian numbers %s as %s', (hex, address) => {
    expect(parseListeningSockets(HEADER + socket(0, `${hex}:C383`, '0A', 1))).toEqual([
      { address, port: 50051, inode: 1 },
    ]);
  });

  it.each([[''], [HEADER]])('finds none in %j', (text) => expect(parseListeningSockets(text)).toEqual([]));

  it.each([
    ['another file', 'garbage\n', 1],
    ['a cut line', `${HEADER}${socket(0, '00000000:0016', '0A', 1)}   1: 0000`, 3],
    ['an address of a strange length', HEADER + socket(0, '0000:0016', '0A', 1), 2],
  ])('refuses %s, with the path and the line', (_, text, line) => {
    const error = thrownBy(() => parseListeningSockets(text, '/x/proc/net/tcp'));
    expect(error).toBeInstanceOf(KernelFileError);
    expect(String(error)).toContain(`/x/proc/net/tcp, line ${line}: `);
  });

  it('gives sockets or a KernelFileError, whatever the text', () => {
    const good = HEADER + socket(0, '0100007F:C383', '0A', 38) + socket(1, '020200C0:CB82', '06', 0);
    const text = fc.oneof(
      fc.nat(good.length).map((length) => good.slice(0, length)),
      fc.string({ unit: 'binary' }).map((tail) => HEADER + tail),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(text, (content) => {
        try {
          expect(parseListeningSockets(content).every(({ port }) => port <= 65_535)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(KernelFileError);
        }
      }),
    );
  });
});

/** A real socket listening on a port the kernel chooses. */
async function listening(host: string): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, host);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port };
}

describe('findListeners', () => {
  it('names the process of a socket: this one', async () => {
    const { port } = await listening('127.0.0.1');
    expect(findListeners(openRoot('/'), port)).toMatchObject([{ address: '127.0.0.1', pid: process.pid }]);
  });

  it('knows no listener once the socket is closed', async () => {
    const { server, port } = await listening('127.0.0.1');
    server.close();
    await once(server, 'close');
    expect(findListeners(openRoot('/'), port)).toEqual([]);
  });

  it('names everyone on a shared port, IPv6 included', () => {
    const root = madeRoot({
      files: {
        '/proc/net/tcp': HEADER + socket(0, '00000000:C383', '0A', 38) + socket(1, '0100007F:C383', '0A', 39),
        '/proc/net/tcp6':
          HEADER +
          socket(0, `${'0'.repeat(32)}:C383`, '0A', 40) +
          socket(1, `${'0'.repeat(32)}:0016`, '0A', 41),
        '/proc/88/cmdline': '/usr/bin/katran_server_grpc\0-server=x\0',
        '/proc/90/comm': 'other\n',
      },
      links: {
        '/proc/88/fd/0': '/dev/null',
        '/proc/88/fd/7': 'socket:[38]',
        '/proc/90/fd/3': 'socket:[40]',
        '/proc/91/fd/3': 'socket:[41]',
      },
    });
    expect(findListeners(root, 50051)).toEqual([
      { address: '0.0.0.0', pid: 88, command: 'katran_server_grpc' },
      { address: '127.0.0.1', pid: null, command: null },
      { address: '::', pid: 90, command: 'other' },
    ]);
  });

  it('looks at no other process where the likely one has the port to itself, and at all where it has not', () => {
    const links = { '/proc/88/fd/7': 'socket:[38]', '/proc/90/fd/3': 'socket:[39]' };
    const tcp = HEADER + socket(0, '0100007F:C383', '0A', 38);
    const listed: string[] = [];
    const watched = (table: string): Root => {
      const root = madeRoot({ files: { '/proc/net/tcp': table, '/proc/88/comm': 'katran\n' }, links });
      return { ...root, list: (directory) => (listed.push(directory), root.list(directory)) };
    };
    expect(findListeners(watched(tcp), 50051, 88)).toMatchObject([{ pid: 88 }]);
    expect(listed).toEqual(['/proc/88/fd']);
    const shared = tcp + socket(1, '00000000:C383', '0A', 39);
    expect(findListeners(watched(shared), 50051, 88)).toMatchObject([{ pid: 88 }, { pid: 90 }]);
  });

  it('finds nobody where the kernel has no TCP', () =>
    expect(findListeners(madeRoot({}), 50051)).toEqual([]));

  it('names the file it cannot understand', () => {
    const root = madeRoot({ files: { '/proc/net/tcp6': 'garbage\n' } });
    expect(thrownBy(() => findListeners(root, 1))).toMatchObject({ path: root.hostPath('/proc/net/tcp6') });
  });
});
