import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { resolveGateway, type ResolveOptions } from '../../../src/gateway/resolve.ts';
import { KernelFileError } from '../../../src/linux/root.ts';
import { NO_TOOLS } from '../../support/tools.ts';
import { makeTables, recordLog, type KernelTables } from './kernel-tables.ts';

function resolve(tables: KernelTables, options: Partial<ResolveOptions> = {}) {
  return resolveGateway({
    root: tables.root,
    tools: NO_TOOLS,
    intf: 'eth0',
    timeoutMs: 50,
    log: recordLog(),
    ...options,
  });
}

function hostWithDefaultRoute(): KernelTables {
  const tables = makeTables();
  tables.routes('eth0 0.0.0.0/0 via 10.0.0.1 metric 100', 'eth0 10.0.0.0/24');
  return tables;
}

describe('resolveGateway', () => {
  it('finds address, interface and MAC', async () => {
    const tables = hostWithDefaultRoute();
    tables.arp('10.0.0.2 02:00:00:00:00:02 eth0', '10.0.0.1 02:00:00:00:00:01 eth0');
    expect(await resolve(tables)).toEqual({
      address: '10.0.0.1',
      mac: '02:00:00:00:00:01',
      interface: 'eth0',
      family: 4,
      reason: 'default route of eth0, metric 100',
      warnings: [],
    });
  });

  it('takes the entry of the device, not one of the same address elsewhere', async () => {
    const tables = hostWithDefaultRoute();
    tables.arp('10.0.0.1 02:00:00:00:00:99 eth1', '10.0.0.1 02:00:00:00:00:01 eth0');
    expect(await resolve(tables)).toMatchObject({ mac: '02:00:00:00:00:01' });
    tables.arp('10.0.0.1 02:00:00:00:00:99 eth1');
    await expect(resolve(tables)).rejects.toThrow(/no entry there, but one on eth1 \(02:00:00:00:00:99\)/);
  });

  it('waits for an incomplete entry to be completed', async () => {
    const tables = hostWithDefaultRoute();
    tables.arp('10.0.0.1 incomplete eth0');
    const resolving = resolve(tables, { timeoutMs: 10_000 });
    setTimeout(() => tables.arp('10.0.0.1 02:00:00:00:00:01 eth0'), 30);
    expect(await resolving).toMatchObject({ mac: '02:00:00:00:00:01' });
  });

  it('follows a route that is replaced while it waits', async () => {
    const tables = hostWithDefaultRoute();
    const resolving = resolve(tables, { timeoutMs: 10_000 });
    setTimeout(() => {
      tables.arp('10.0.0.9 02:00:00:00:00:09 eth0');
      tables.routes('eth0 0.0.0.0/0 via 10.0.0.9');
    }, 30);
    expect(await resolving).toMatchObject({ address: '10.0.0.9', mac: '02:00:00:00:00:09' });
  });

  it.each([
    ['an incomplete entry', '10.0.0.1 incomplete eth0', /incomplete entry/],
    ['no entry', '10.0.0.2 02:00:00:00:00:02 eth0', /no entry/],
    ['a multicast MAC', '10.0.0.1 01:00:5e:00:00:01 eth0', /01:00:5e:00:00:01, which is a multicast/],
    ['a broadcast MAC', '10.0.0.1 ff:ff:ff:ff:ff:ff eth0', /which is the broadcast/],
  ])(
    'with %s says address, device, what was seen, how long, and what overrides it',
    async (_what, entry, seen) => {
      const tables = hostWithDefaultRoute();
      tables.arp(entry);
      const failure = await resolve(tables).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Failure);
      for (const part of [seen, /10\.0\.0\.1 on eth0/, /proc\/net\/arp/, /50 ms/, /-default_mac/])
        expect(String(failure)).toMatch(part);
    },
  );

  it('without a default route says so at once, and names both ways out', async () => {
    const started = resolve(makeTables(), { timeoutMs: 3_600_000 });
    await expect(started).rejects.toThrow(/no default route for eth0.*-gateway.*-default_mac/);
  });

  it('names the file and line of a table that cannot be understood', async () => {
    const tables = hostWithDefaultRoute();
    tables.file('/proc/net/arp', 'IP address       HW type     Flags       HW address\nrubbish\n');
    await expect(resolve(tables)).rejects.toThrow(KernelFileError);
    await expect(resolve(tables)).rejects.toThrow(/\/proc\/net\/arp.*2/);
  });

  it('refuses a -gateway that is no address', async () => {
    await expect(resolve(hostWithDefaultRoute(), { gateway: '10.0.0' })).rejects.toThrow(
      /-gateway 10\.0\.0 is not/,
    );
  });

  it('says that the neighbours of a recorded IPv6 host are not recorded', async () => {
    const tables = makeTables();
    const zeros = '0'.repeat(32);
    tables.file(
      '/proc/net/ipv6_route',
      `${zeros} 00 ${zeros} 00 fe80000000000000000000000000dead 00000400 00000002 00000000 00000003 eth0\n`,
    );
    await expect(resolve(tables)).rejects.toThrow(/fe80::dead on eth0.*another machine.*-default_mac/);
  });
});

describe('-default_mac', () => {
  it('is taken as it is, with the address of the route', async () => {
    const gateway = await resolve(hostWithDefaultRoute(), { mac: '2:A:B:C:D:E' });
    expect(gateway).toMatchObject({
      address: '10.0.0.1',
      mac: '02:0a:0b:0c:0d:0e',
      interface: 'eth0',
      warnings: [],
    });
  });
  it('needs no route and no readable table', async () => {
    const tables = makeTables();
    expect(await resolve(tables, { mac: '02:00:00:00:00:07' })).toMatchObject({
      address: null,
      interface: 'eth0',
    });
    tables.file('/proc/net/route', 'rubbish\n');
    expect(await resolve(tables, { mac: '02:00:00:00:00:07' })).toMatchObject({ mac: '02:00:00:00:00:07' });
  });
  it('is never one that would black-hole all traffic', async () => {
    await expect(resolve(hostWithDefaultRoute(), { mac: '0:0:0:0:0:0' })).rejects.toThrow(/all zeros/);
  });
});

describe('aborting', () => {
  it('ends the wait at once, with the reason given', async () => {
    const abort = new AbortController();
    const resolving = resolve(hostWithDefaultRoute(), { timeoutMs: 3_600_000, signal: abort.signal });
    setTimeout(() => abort.abort(new Failure('stopped by SIGTERM')), 20);
    await expect(resolving).rejects.toThrow('stopped by SIGTERM');
  });
  it('before the start looks at nothing', async () => {
    const signal = AbortSignal.abort(new Failure('too late'));
    await expect(resolve(makeTables(), { signal })).rejects.toThrow('too late');
  });
});

const LOOPBACK_GATEWAY = '127.0.93.1';
const sockets: dgram.Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

async function listenOnDiscardPort(): Promise<dgram.Socket | undefined> {
  const socket = dgram.createSocket('udp4');
  const bound = once(socket, 'listening');
  try {
    socket.bind(9, LOOPBACK_GATEWAY);
    await bound;
  } catch {
    return undefined;
  }
  sockets.push(socket);
  return socket;
}

/** What arrives up to and including a marker that is sent now: datagrams on loopback arrive in order. */
async function arrivedBeforeMarker(socket: dgram.Socket, arrived: string[]): Promise<string[]> {
  const sender = dgram.createSocket('udp4');
  sockets.push(sender);
  const marker = new Promise<void>((seen) => {
    socket.on('message', (message) => {
      if (message.toString() === 'marker') seen();
    });
  });
  sender.send('marker', 9, LOOPBACK_GATEWAY);
  await marker;
  return arrived.filter((message) => message !== 'marker');
}

describe('the datagram', () => {
  const attempt = async (tables: KernelTables, context: { skip: (note: string) => never }) => {
    const socket = await listenOnDiscardPort();
    if (socket === undefined) return context.skip('needs root, to listen on port 9');
    const arrived: string[] = [];
    socket.on('message', (message) => arrived.push(message.toString()));
    await expect(resolve(tables, { gateway: LOOPBACK_GATEWAY, timeoutMs: 100 })).rejects.toThrow(
      LOOPBACK_GATEWAY,
    );
    return arrivedBeforeMarker(socket, arrived);
  };

  it('goes to port 9 of the gateway, once, where the routes are this machine’s', async (context) => {
    const tables = makeTables();
    tables.file('/proc/net/route', fs.readFileSync('/proc/net/route', 'utf8'));
    expect(await attempt(tables, context)).toEqual(['']);
  });

  it('is never sent for the routes of another machine', async (context) => {
    const tables = hostWithDefaultRoute();
    expect(await attempt(tables, context)).toEqual([]);
  });
});
