import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { KatranCallError } from '../../../src/katran/call-error.ts';
import type { KatranClient } from '../../../src/katran/calls.ts';
import { openKatranClient } from '../../../src/katran/client.ts';
import { openKatranClientAhead } from '../../../src/katran/lazy-client.ts';
import { dialTarget } from '../../../src/katran/dial-target.ts';
import { katranServiceMethods } from '../../../src/katran/service-methods.ts';
import { freePort } from '../../support/free-port.ts';
import {
  buildKatranDouble,
  type Double,
  type Settings,
  startDouble,
} from '../../support/katran-double/index.ts';

const top = fileURLToPath(new URL('../../..', import.meta.url));
const bun = join(top, 'node_modules/@oven/bun-linux-x64-baseline/bin/bun');
const cleanups: (() => unknown)[] = [];

beforeAll(() => void buildKatranDouble(), 60_000);
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(settings: Settings = {}, address?: string): Promise<Double> {
  const double = await startDouble({ settings, ...(address === undefined ? {} : { address }) });
  cleanups.push(() => double.remove());
  return double;
}

async function listening(settings: Settings = {}, address?: string): Promise<Double> {
  const double = await start(settings, address);
  await double.stage.waitFor('listening');
  return double;
}

function open(address: string): KatranClient {
  const client = openKatranClient(address);
  cleanups.push(() => client.close());
  return client;
}

/** Calls getMac until it answers, as the launcher does while katran starts. */
async function pollUntilAnswer(client: KatranClient): Promise<string> {
  for (;;) {
    try {
      return await client.getMac(1000);
    } catch (error) {
      if (!(error instanceof KatranCallError) || error.code !== 'UNAVAILABLE') throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

describe('the address to dial', () => {
  it.each([
    ['127.0.0.1:50051', 'ipv4:127.0.0.1:50051'],
    ['0.0.0.0:50051', 'ipv4:127.0.0.1:50051'],
    ['[::]:50051', 'ipv6:[::1]:50051'],
    ['[::1]:50051', 'ipv6:[::1]:50051'],
    ['[0:0:0:0:0:0:0:0]:1', 'ipv6:[::1]:1'],
    ['[2001:db8::7]:65535', 'ipv6:[2001:db8::7]:65535'],
    ['localhost:50051', 'dns:localhost:50051'],
    ['unix:/run/katran.sock', 'unix:/run/katran.sock'],
  ])('%s is %s', (address, target) => {
    expect(dialTarget(address)).toBe(target);
  });

  it.each([
    '',
    '50051',
    ':50051',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '::1:50051',
    '[x]:1',
    'unix:',
    'a b:1',
  ])('%j is refused by name', (address) => {
    expect(() => openKatranClient(address)).toThrow(Failure);
    expect(() => openKatranClient(address)).toThrow(`'${address}'`);
    // The flag takes no unix socket, so advice to give one would be refused in its turn.
    expect(() => openKatranClient(address)).not.toThrow(/unix:\/PATH/);
  });
});

describe('a client that is opened while katran starts', () => {
  it('has its work done without dialling katran, and then dials it once for a call', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket.on('error', () => undefined).resume()));
    cleanups.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const port = await freePort();
    await once(server.listen(port, '127.0.0.1'), 'listening');
    const client = await openKatranClientAhead(`127.0.0.1:${port}`);
    cleanups.push(() => client.close());
    const dialled = once(server, 'connection');
    void client.getMac(10_000).catch(() => undefined);
    await dialled;
    expect(sockets).toHaveLength(1);
  });

  it('answers as any other', async () => {
    const double = await listening();
    const client = await openKatranClientAhead(double.address);
    cleanups.push(() => client.close());
    expect(await client.getMac(10_000)).toMatch(/^00:00:00:00:00:01:?$/);
  });
});

describe('the service description', () => {
  const methods = katranServiceMethods();

  it('has every method at its path, all unary', () => {
    const names = Object.keys(methods).sort();
    expect(names).toEqual(
      [
        ...[
          'changeMac',
          'getMac',
          'addVip',
          'delVip',
          'getAllVips',
          'modifyVip',
          'modifyReal',
          'getVipFlags',
          'getRealFlags',
        ],
        ...[
          'addRealForVip',
          'delRealForVip',
          'modifyRealsForVip',
          'getRealsForVip',
          'modifyQuicRealsMapping',
        ],
        ...['getQuicRealsMapping', 'getStatsForVip', 'getLruStats', 'getLruMissStats', 'getLruFallbackStats'],
        ...['getIcmpTooBigStats', 'addHealthcheckerDst', 'delHealthcheckerDst', 'getHealthcheckersDst'],
      ].sort(),
    );
    expect(names.map((name) => methods[name]?.path)).toEqual(
      names.map((name) => `/lb.katran.KatranService/${name}`),
    );
    expect(Object.values(methods).some((method) => method.requestStream || method.responseStream)).toBe(
      false,
    );
  });

  // Bytes worked out by hand from the field numbers: the double shares the description, so it cannot find a wrong one.
  const vip = { address: 'v', port: 1, protocol: 2 };
  it.each<[string, object, string]>([
    ['changeMac', { mac: 'ab' }, '0a026162'],
    ['addVip', { vip, flags: '3', setFlag: true }, '0a070a0176100118021003' + '1801'],
    ['delVip', vip, '0a017610011802'],
    ['modifyReal', { address: 'r', flags: 3, setFlag: true }, '0a017210031801'],
    [
      'addRealForVip',
      { real: { address: 'r', weight: 4, flags: 5 }, vip },
      '0a070a01721004180512070a017610011802',
    ],
    [
      'modifyRealsForVip',
      { action: 'DEL', real: { reals: [{ address: 'r', weight: 4 }] }, vip },
      '0801' + '12070a050a01721004' + '1a070a017610011802',
    ],
    [
      'modifyQuicRealsMapping',
      { action: 'DEL', reals: { qreals: [{ address: 'q', id: 6 }] } },
      '080112070a050a01711006',
    ],
    ['addHealthcheckerDst', { somark: 7, address: 'h' }, '0807120168'],
    ['delHealthcheckerDst', { somark: 7 }, '0807'],
  ])('%s sends the right bytes', (name, request, hex) => {
    expect(methods[name]?.requestSerialize(request).toString('hex')).toBe(hex);
  });

  it.each<[string, string, object]>([
    ['getMac', '0a026162', { mac: 'ab' }],
    ['changeMac', '0801', { success: true }],
    ['getLruFallbackStats', '08ffffffffffffffffff011005', { v1: '18446744073709551615', v2: '5' }],
    ['getVipFlags', '0809', { flags: '9' }],
    ['getAllVips', '0a050a01761001', { vips: [{ address: 'v', port: 1, protocol: 0 }] }],
    ['getHealthcheckersDst', '0a0508071201' + '68', { healthchecks: { 7: 'h' } }],
    ['getQuicRealsMapping', '0a050a01711006', { qreals: [{ address: 'q', id: 6 }] }],
    ['getRealsForVip', '0a050a01721004', { reals: [{ address: 'r', weight: 4, flags: 0 }] }],
  ])('%s reads them', (name, hex, response) => {
    expect(methods[name]?.responseDeserialize(Buffer.from(hex, 'hex'))).toEqual(response);
  });
});

describe('calls', () => {
  it('give what katran says, unchanged', async () => {
    const double = await listening({ TRAILING_COLON: 1 });
    const client = open(double.address);
    expect(await client.changeMac('02:00:00:00:00:99', 5000)).toBe(true);
    expect(await client.getMac(5000)).toBe('02:00:00:00:00:99:');
    double.stage.setFallback(2n ** 64n - 1n, 7);
    expect(await client.getLruFallbackStats(5000)).toEqual({ v1: 2n ** 64n - 1n, v2: 7n });
  });

  it('fail with the status, the call, the address and what to do', async () => {
    const double = await listening({ REFUSE_CHANGE_MAC: 1 });
    const refused = await open(double.address)
      .changeMac('02:00:00:00:00:99', 5000)
      .catch((e: unknown) => e);
    expect(refused).toBeInstanceOf(KatranCallError);
    expect(refused).toMatchObject({ code: 'CANCELLED', name: 'KatranCallError', exitStatus: 1 });
    expect(refused).toHaveProperty(
      'message',
      `changeMac at ${double.address} failed: CANCELLED: katran_server_grpc refused it; see its log`,
    );
    const address = `127.0.0.1:${await freePort()}`;
    const absent = await open(address)
      .getMac(5000)
      .catch((e: unknown) => e);
    expect(absent).toHaveProperty(
      'message',
      `getMac at ${address} failed: UNAVAILABLE (connect ECONNREFUSED ${address}): ` +
        'nothing accepts calls there; is katran_server_grpc running, and is -server its address?',
    );
  });

  it('end at their own deadline when katran is stopped, hung or late, and the next one works once it is not', async () => {
    const double = await listening();
    const client = open(double.address);
    await client.getMac(5000);
    double.process.kill('SIGSTOP');
    await expect(client.getMac(100)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await expect(client.getMac(100)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    double.process.kill('SIGCONT');
    expect(await client.getMac(5000)).toBe('00:00:00:00:00:01');
    double.stage.control({ LATE: 3000 });
    await expect(client.getMac(50)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    double.stage.control({});
    expect(await client.getMac(5000)).toBe('00:00:00:00:00:01');
  });

  it('end at their deadline when the port accepts and never answers', async () => {
    const double = await listening({ HANG: 'accept' });
    await expect(open(double.address).getMac(100)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('do not take each other along: a late one may still answer after another one’s deadline', async () => {
    const double = await listening({ LATE: 300 });
    const client = open(double.address);
    const patient = client.getMac(10_000);
    await expect(client.getMac(50)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(await patient).toBe('00:00:00:00:00:01');
  });

  it('fail at once when katran dies, and work with the next katran on the address', async () => {
    const double = await listening({ LATE: 10_000 });
    const client = open(double.address);
    const lost = client.getMac(20_000).catch((e: unknown) => e);
    await double.stage.waitFor('getMac');
    double.process.kill('SIGKILL');
    expect(await lost).toMatchObject({ code: 'UNAVAILABLE' });
    await double.ended;
    await expect(client.getMac(5000)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await listening({}, double.address);
    expect(await client.getMac(5000)).toBe('00:00:00:00:00:01');
  });
});

describe('polling', () => {
  it('dials again at every call: after 50 refusals the first call to a listening katran answers', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const client = open(address);
    for (let i = 0; i < 50; i++) {
      await expect(client.getMac(5000)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
    await listening({}, address);
    expect(await client.getMac(5000)).toBe('00:00:00:00:00:01');
  });

  it('waits for no back-off: the fiftieth refusal comes as fast as a first one', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const patient = open(address);
    const timed = async (client: KatranClient): Promise<number> => {
      const began = performance.now();
      await client.getMac(5000).catch(() => undefined);
      return performance.now() - began;
    };
    const first: number[] = [];
    const again: number[] = [];
    for (let i = 0; i < 50; i++) {
      first.push(await timed(open(address)));
      again.push(await timed(patient));
    }
    const median = (times: number[]): number => times.sort((a, b) => a - b)[25] ?? NaN;
    expect(median(again)).toBeLessThan(3 * median(first));
  });

  it('finds katran when it appears', async () => {
    const double = await start({ START_DELAY: 150 });
    expect(await pollUntilAnswer(open(double.address))).toBe('00:00:00:00:00:01');
  });
});

describe('close', () => {
  it.each(['accept', 'none'])('closes every socket, also of a server that hangs (%s)', async (kind) => {
    const address = `127.0.0.1:${await freePort()}`;
    const closed: Promise<unknown>[] = [];
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined).resume());
      closed.push(new Promise((resolve) => socket.once('close', resolve)));
      if (kind === 'accept') socket.write(Buffer.from('000000040000000000', 'hex')); // a settings frame, then silence
    });
    cleanups.push(() => server.close());
    const [host = '', port = ''] = address.split(':');
    await once(server.listen(Number(port), host), 'listening');
    const client = open(address);
    await client.getMac(50).catch(() => undefined);
    const call = client.getMac(20_000).catch((e: unknown) => e);
    while (sockets.length < 2) await once(server, 'connection');
    client.close();
    expect(await call).toMatchObject({
      code: 'CANCELLED',
      message: expect.stringContaining('client closed') as string,
    });
    await Promise.all(closed);
    await expect(client.getMac(1000)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('leaves nothing that holds up katran’s end', async () => {
    const LINGER = 15_000;
    const double = await listening({ LINGER });
    const client = open(double.address);
    await client.getMac(5000);
    client.close();
    double.process.kill('SIGTERM');
    expect(await double.ended).toEqual({ code: 0, signal: null });
    const at = (event: string): number => double.stage.journal().find((e) => e.event === event)?.time ?? NaN;
    expect(at('exit') - at('signal')).toBeLessThan(LINGER / 2);
  });
});

/** What the built launcher does with the client, as a program of its own: its lines tell how each step went. */
const PROGRAM = `
import { openKatranClient } from ${JSON.stringify(join(top, 'src/katran/client.ts'))};
async function main() {
  const client = openKatranClient(process.argv[2]);
  const say = async (name, call) => console.log(name, await call.then(String, (e) => e.name + ' ' + e.code));
  let refused = 0;
  for (;;) {
    try { await client.getMac(1000); break; } catch (e) { if (e.code !== 'UNAVAILABLE') throw e; }
    if (++refused === 20) console.log('refused');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await say('changeMac', client.changeMac('2:a:b:c:d:e', 5000));
  await say('getMac', client.getMac(5000));
  await say('fallback', client.getLruFallbackStats(5000).then(({ v1, v2 }) => v1 + ' ' + v2));
  process.once('SIGUSR2', async () => {
    await say('stopped', client.getMac(100));
    client.close();
    await say('closed', client.getMac(100));
  });
  console.log('ready');
  setTimeout(() => {}, 500);
}
void main();
`;

describe('built', () => {
  it.each([
    ['by bun as a binary', ['--compile', '--minify', '--bytecode', '--format=cjs'], 'program', []],
    ['for node as one file', ['--target=node', '--format=cjs'], 'program.cjs', [process.execPath]],
  ])(
    '%s: waits for katran, calls it, survives its stop, and ends by itself after close',
    async (_name, modes, file, interpreter) => {
      const directory = mkdtempSync(join(tmpdir(), 'katran-client-'));
      cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
      const source = join(directory, 'program.ts');
      const built = join(directory, file);
      writeFileSync(source, PROGRAM);
      execFileSync(bun, ['build', ...modes, source, '--outfile', built], { cwd: directory, stdio: 'pipe' });

      const address = `127.0.0.1:${await freePort()}`;
      const [command, ...args] = [...interpreter, built, address];
      const program = spawn(command, args, { cwd: dirname(built), stdio: ['ignore', 'pipe', 'inherit'] });
      cleanups.push(() => program.kill('SIGKILL'));
      const ended = once(program, 'close');
      let output = '';
      program.stdout.on('data', (text: Buffer) => (output += text.toString()));
      const said = async (text: string): Promise<void> => {
        while (!output.includes(text)) await once(program.stdout, 'data');
      };

      await said('refused');
      const double = await start({}, address);
      double.stage.setFallback(2n ** 60n, 1);
      await said('ready');
      double.process.kill('SIGSTOP');
      program.kill('SIGUSR2');
      expect(await ended).toEqual([0, null]);
      double.process.kill('SIGCONT');
      expect(output.trim().split('\n')).toEqual([
        'refused',
        'changeMac true',
        'getMac 02:0a:0b:0c:0d:0e',
        `fallback ${2n ** 60n} 1`,
        'ready',
        'stopped KatranCallError DEADLINE_EXCEEDED',
        'closed KatranCallError CANCELLED',
      ]);
    },
    60_000,
  );
});
