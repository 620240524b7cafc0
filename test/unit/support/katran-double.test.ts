import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openKatranClient } from '../../../src/katran/client.ts';
import type { KatranClient } from '../../../src/katran/calls.ts';
import { freePort } from '../../support/free-port.ts';
import {
  buildKatranDouble,
  type Double,
  makeStage,
  type Settings,
  type Stage,
  startDouble,
} from '../../support/katran-double/index.ts';

const cleanups: (() => unknown)[] = [];

beforeAll(() => void buildKatranDouble(), 60_000);
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(args: readonly string[] = [], settings: Settings = {}, rest: { address?: string } = {}) {
  const double = await startDouble({ args, settings, ...rest });
  cleanups.push(() => double.remove());
  return double;
}

async function listening(args: readonly string[] = [], settings: Settings = {}): Promise<Double> {
  const double = await start(args, settings);
  await double.stage.waitFor('listening');
  return double;
}

function clientOf(double: Double): KatranClient {
  const client = openKatranClient(double.address);
  cleanups.push(() => client.close());
  return client;
}

function stageOf(settings: Settings = {}): Stage {
  const stage = makeStage(settings);
  cleanups.push(() => stage.remove());
  return stage;
}

async function rawConnection(address: string): Promise<Socket> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

describe('flags', () => {
  it.each([
    [['-x'], "ERROR: unknown command line flag 'x'\n"],
    [['--lru_sise=3'], "ERROR: unknown command line flag 'lru_sise'\n"],
    [['-lru_size=abc'], "ERROR: illegal value 'abc' specified for int64 flag 'lru_size'\n"],
    [['-lru_size', ''], "ERROR: illegal value '' specified for int64 flag 'lru_size'\n"],
    [['-priority=2147483648'], "ERROR: illegal value '2147483648' specified for int32 flag 'priority'\n"],
    [['-hc_forwarding=maybe'], "ERROR: illegal value 'maybe' specified for bool flag 'hc_forwarding'\n"],
    [['-intf'], "ERROR: flag 'intf' is missing its argument\n"],
  ])('%j ends it with exit code 1 and gflags’ text', async (args, text) => {
    const double = await start(args);
    expect(await double.ended).toEqual({ code: 1, signal: null });
    expect(double.stderr()).toBe(text);
    expect(double.stdout()).toBe('');
  });

  it.each([
    [['-default_mac=02:00:00:00:00:07']],
    [['-default_mac', '02:00:00:00:00:07']],
    [['--default_mac=02:00:00:00:00:07']],
    [['--default-mac', '02:00:00:00:00:07', '-nohc_forwarding']],
    [['-hc_forwarding=f', '-default_mac=02:00:00:00:00:09', '-default_mac=02:00:00:00:00:07']],
    [['-priority=-0x10', 'bare', '-default_mac=02:00:00:00:00:07', '--', '-unknown']],
  ])('%j is understood', async (args) => {
    expect(await clientOf(await listening(args)).getMac(5000)).toBe('02:00:00:00:00:07');
  });

  it('records the exact argv', async () => {
    const args = ['-intf=eth0', '-ipip_intf', 'a b', '-vmodule=', 'ünï'];
    const { argv } = await (await start(args)).stage.waitFor('start');
    expect(Array.isArray(argv) && argv.slice(-args.length)).toEqual(args);
  });
});

describe('a start that cannot work aborts with a message', () => {
  it.each<[string, string[], Settings, RegExp]>([
    ['balancer object missing', ['-balancer_prog=/nonexistent/b.o'], {}, /\/nonexistent\/b\.o\0{103}\n/],
    [
      'balancer object not ELF',
      [`-balancer_prog=${import.meta.filename}`],
      {},
      /katran-double\.test\.ts\0{103}/,
    ],
    ['interface missing', ['-intf=eth9'], {}, /interface eth9/],
    ['healthcheck interface missing', ['-hc_intf=eth9'], {}, /interface eth9/],
    ['interface missing on this machine', ['-intf=nosuchif0'], { INTERFACES: '' }, /interface nosuchif0/],
    ['tunnel missing', ['-hc_forwarding', '-ipip6_intf=tun9'], {}, /interface tun9/],
    ['map_path missing', ['-map_path=/nonexistent/jmp'], {}, /\/nonexistent\/jmp/],
    ['prog_pos above the slots', ['-prog_pos=3'], {}, /position 3/],
    ['prog_pos negative', ['-prog_pos=-1'], {}, /position -1/],
    ['lists of different length', ['-forwarding_cores=0,1', '-numa_nodes=0'], {}, /same length/],
    ['a list that is none', ['-forwarding_cores=0-3'], {}, /cannot parse/],
    [
      'more cores than entries',
      ['-forwarding_cores=0,1,2', '-lru_size=2'],
      {},
      /smaller than the number of cores/,
    ],
    ['core 128', ['-forwarding_cores=0,128'], {}, /128 does not fit/],
    ['core 512', ['-forwarding_cores=512'], {}, /512 is outside/],
    ['no capabilities', [], { CAPABILITIES: 'missing' }, /Operation not permitted/],
  ])('%s', async (_name, args, settings, message) => {
    const double = await start(args, settings);
    expect(await double.ended).toEqual({ code: null, signal: 'SIGABRT' });
    expect(double.stderr()).toMatch(message);
    expect(double.stderr()).not.toMatch(/\n$/);
    expect(double.stdout()).toBe('');
    expect(double.stage.xdpAttached()).toBe(false);
  });

  it('a NUMA node that the given host does not have', async () => {
    const host = stageOf().directory;
    mkdirSync(join(host, 'sys/devices/system/node/node1'), { recursive: true });
    const settings = { SYSROOT: host };
    const good = await start(['-forwarding_cores=0', '-numa_nodes=1'], settings);
    await good.stage.waitFor('listening');
    const bad = await start(['-forwarding_cores=0,1', '-numa_nodes=1,2'], settings);
    expect(await bad.ended).toEqual({ code: null, signal: 'SIGABRT' });
    expect(bad.stderr()).toMatch(/numa node 2/);
  });
});

describe('output', () => {
  it('has one line on stdout and glog lines on stderr, an E line on a good start among them', async () => {
    const double = await listening();
    double.process.kill('SIGTERM');
    await double.ended;
    expect(double.stdout()).toBe(`Server listening on ${double.address}\n`);
    const prefix = new RegExp(`^[IE]2\\d{7} \\d\\d:\\d\\d:\\d\\d\\.\\d{6} ${double.pid} [\\w.]+:\\d+\\] \\S`);
    const lines = double.stderr().split('\n').slice(0, -1);
    expect(lines.filter((line) => !prefix.test(line))).toEqual([]);
    expect(lines[0]).toMatch(/KatranGrpcService\.cpp:69\] Starting Katran$/);
    expect(lines.some((line) => line.startsWith('E'))).toBe(true);
  });

  it('has no year, and a padded thread id, in older builds', async () => {
    const double = await listening([], { GLOG: 'old' });
    double.process.kill('SIGTERM');
    await double.ended;
    expect(double.stderr()).toMatch(
      /^I[01]\d[0-3]\d \d\d:\d\d:\d\d\.\d{6} [ \d]{5,} KatranGrpcService\.cpp:69\] Starting/,
    );
  });

  it('kills it with SIGPIPE at the next log line once nobody reads stderr', async () => {
    const double = await listening();
    double.process.stderr?.destroy();
    await once(double.process.stderr ?? double.process, 'close');
    double.process.kill('SIGTERM');
    expect(await double.ended).toEqual({ code: null, signal: 'SIGPIPE' });
  });

  it('floods without losing a line, whatever its length', async () => {
    const flood = { FLOOD: 200_000, FLOOD_LINES: 3000, FLOOD_LENGTH: 3000, FLOOD_NUL: 1 };
    const double = await listening([], flood);
    await double.stage.waitFor('flooded');
    double.process.kill('SIGTERM');
    await double.ended;
    const lines = double.stderr().split('\n');
    const numbers = lines.flatMap((line) => /^flood (\d{9}) \0+$/.exec(line)?.[1] ?? []).map(Number);
    expect(numbers).toEqual(Array.from({ length: 3000 }, (_, i) => i));
    expect(new Set(lines.filter((line) => line.startsWith('flood')).map((line) => line.length))).toEqual(
      new Set([2999]),
    );
  });
});

describe('the MAC', () => {
  it.each([
    ['02:00:00:00:00:99', '02:00:00:00:00:99'],
    ['AA:BB:CC:DD:EE:FF', 'aa:bb:cc:dd:ee:ff'],
    ['02-00-00-00-00-99', '02:00:00:00:00:99'],
    ['0200000000ab', '02:00:00:00:00:ab'],
    ['2:a:b:c:d:e', '02:0a:0b:0c:0d:0e'],
    ['nonsense', '00:00:00:00:00:00'],
    ['02:00:00:00:00', '00:00:00:00:00:00'],
    ['', '00:00:00:00:00:00'],
    ['0200.0000.0099', '00:00:00:00:00:00'],
    [' 02:00:00:00:00:99', '00:00:00:00:00:00'],
    ['02:00:00:00:00:99:', '00:00:00:00:00:00'],
    ['02:00:00:00:00:9g', '00:00:00:00:00:00'],
  ])('%j set by changeMac and by -default_mac reads back as %s, always with success', async (given, read) => {
    const client = clientOf(await listening());
    expect(await client.changeMac(given, 5000)).toBe(true);
    expect(await client.getMac(5000)).toBe(read);
    expect(await clientOf(await listening([`-default_mac=${given}`])).getMac(5000)).toBe(read);
  });

  it('ends with a colon in older releases', async () => {
    const client = clientOf(await listening([], { TRAILING_COLON: 1 }));
    expect(await client.getMac(5000)).toBe('00:00:00:00:00:01:');
  });

  it('stays when a change is refused, which is CANCELLED without details', async () => {
    const double = await listening([], { REFUSE_CHANGE_MAC: 1 });
    const client = clientOf(double);
    const refusal = client.changeMac('02:00:00:00:00:05', 5000);
    await expect(refusal).rejects.toMatchObject({ code: 'CANCELLED', cause: { details: '' } });
    expect(await client.getMac(5000)).toBe('00:00:00:00:00:01');
    expect(await client.changeMac('02:00:00:00:00:05', 5000)).toBe(true);
    const { given, mac } = await double.stage.waitFor('changeMac', (event) => event.refused === false);
    expect({ given, mac }).toEqual({ given: '02:00:00:00:00:05', mac: '02:00:00:00:00:05' });
  });

  it('can be made to lie, to fail and to ignore changes, and told otherwise while it runs', async () => {
    const double = await listening([], {
      GET_MAC: 'zeros',
      IGNORE_CHANGE_MAC: 'always',
      FAIL_CHANGE_MAC: 'INTERNAL:1',
    });
    const client = clientOf(double);
    await expect(client.changeMac('02:00:00:00:00:05', 5000)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await client.changeMac('02:00:00:00:00:05', 5000)).toBe(true);
    expect(await client.getMac(5000)).toBe('00:00:00:00:00:00');
    double.stage.control({ GET_MAC: '', IGNORE_CHANGE_MAC: '', FAIL_GET_MAC: 'UNKNOWN:1' });
    await expect(client.getMac(5000)).rejects.toMatchObject({ code: 'UNKNOWN' });
    expect(await client.getMac(5000)).toBe('00:00:00:00:00:01');
  });
});

describe('the port', () => {
  it('opens after XDP is attached, and stdout says so at once', async () => {
    const double = await start([], { START_DELAY: 50 });
    expect(double.stage.xdpAttached()).toBe(false);
    await double.stage.waitFor('listening');
    expect(double.stage.journal().map(({ event }) => event)).toEqual(['start', 'xdp-attached', 'listening']);
    if (double.stdout() === '') await once(double.process.stdout ?? double.process, 'data');
    expect(double.stdout()).toMatch(/^Server listening/);
  });

  it('of an ordinary listener: says listening, dies of SIGSEGV, XDP stays attached', async () => {
    const other = createServer();
    cleanups.push(() => other.close());
    const port = await freePort();
    await once(other.listen(port, '127.0.0.1'), 'listening');
    for (const address of [`127.0.0.1:${port}`, `0.0.0.0:${port}`]) {
      const double = await start([], {}, { address });
      expect(await double.ended).toEqual({ code: null, signal: 'SIGSEGV' });
      expect(double.stdout()).toBe(`Server listening on ${address}\n`);
      expect(double.stage.xdpAttached()).toBe(true);
    }
  });

  it('is shared with another katran, which takes the XDP hook over and takes it along when it exits', async () => {
    const first = await listening();
    const second = await startDouble({ address: first.address, stage: first.stage });
    cleanups.push(() => second.remove());
    await first.stage.waitFor('listening', ({ pid }) => pid === second.pid);
    second.process.kill('SIGTERM');
    expect(await second.ended).toEqual({ code: 0, signal: null });
    expect(first.stage.xdpAttached()).toBe(false);
    expect(await clientOf(first).getMac(5000)).toBe('00:00:00:00:00:01');
  });

  it.each(['0.0.0.0', '[::]', '[::1]'])('on %s answers', async (host) => {
    const double = await start([], {}, { address: `${host}:${await freePort()}` });
    await double.stage.waitFor('listening');
    expect(await clientOf(double).getMac(5000)).toBe('00:00:00:00:00:01');
  });

  it('of 127.0.0.1 is an IPv6 socket in /proc/net/tcp6, as gRPC makes it', async () => {
    const { address } = await listening();
    const port = Number(address.split(':')[1]).toString(16).toUpperCase().padStart(4, '0');
    const listening6 = `0000000000000000FFFF00000100007F:${port} `;
    expect(readFileSync('/proc/net/tcp6', 'utf8')).toContain(listening6);
    expect(readFileSync('/proc/net/tcp', 'utf8')).not.toContain(`0100007F:${port} 00000000:0000 0A`);
  });

  it('can be a unix socket', async () => {
    const double = await start([], {}, { address: `unix:${join(stageOf().directory, 'socket')}` });
    await double.stage.waitFor('listening');
    expect(await clientOf(double).getMac(5000)).toBe('00:00:00:00:00:01');
  });
});

describe('signals', () => {
  it.each([
    ['SIGTERM', 15],
    ['SIGINT', 2],
  ] as const)(
    '%s: answers during the delay, ignores and logs a second one, exits 0, XDP detached',
    async (name, number) => {
      const double = await listening(['-shutdown_delay=300']);
      const client = clientOf(double);
      await client.getMac(5000);
      double.process.kill(name);
      await double.stage.waitFor('signal');
      expect(await client.getMac(5000)).toBe('00:00:00:00:00:01');
      double.process.kill('SIGTERM');
      expect(await double.ended).toEqual({ code: 0, signal: null });
      expect(double.stderr()).toContain(`] Signal: ${number}, stopping service in 300 milliseconds.\n`);
      expect(double.stderr()).toMatch(/Signal: 15, already stopping\n.*\] Stopping Katran!\n$/);
      expect(double.stage.xdpAttached()).toBe(false);
      const at = (event: string): number =>
        double.stage.journal().find((e) => e.event === event)?.time ?? NaN;
      expect(at('exit') - at('signal')).toBeGreaterThanOrEqual(329);
    },
  );

  it.each(['SIGHUP', 'SIGKILL'] as const)('%s: dead at once, XDP stays attached', async (name) => {
    const double = await listening(['-shutdown_delay=60000']);
    double.process.kill(name);
    expect(await double.ended).toEqual({ code: null, signal: name });
    expect(double.stage.xdpAttached()).toBe(true);
  });

  it('SIGTERM before its handler exists kills it, no XDP left', async () => {
    const double = await start([], { START_DELAY: 10_000, HANDLERS_AFTER: 9_000 });
    await double.stage.waitFor('start');
    double.process.kill('SIGTERM');
    expect(await double.ended).toEqual({ code: null, signal: 'SIGTERM' });
    expect(double.stage.xdpAttached()).toBe(false);
  });

  it('a silent connection holds up the end for the linger time, an idle channel and a closed one do not', async () => {
    const spent: number[] = [];
    for (const peer of ['none', 'channel', 'closed', 'silent']) {
      const double = await listening([], { LINGER: 3000 });
      if (peer === 'channel') await clientOf(double).getMac(5000);
      const socket = peer === 'closed' || peer === 'silent' ? await rawConnection(double.address) : undefined;
      if (peer === 'closed') socket?.destroy();
      double.process.kill('SIGTERM');
      expect(await double.ended).toEqual({ code: 0, signal: null });
      const times = double.stage.journal().map(({ time }) => time);
      spent.push((times.at(-1) ?? NaN) - (await double.stage.waitFor('signal')).time);
    }
    const [none = NaN, channel = NaN, closed = NaN, silent = NaN] = spent;
    expect(silent).toBeGreaterThanOrEqual(3000);
    expect(Math.max(none, channel, closed)).toBeLessThan(silent / 2);
  });

  it('a client that is stopped holds up the end too', async () => {
    const double = await listening([], { LINGER: 1000 });
    const script = `import('node:http2').then(({ connect }) => {
      const session = connect('http://${double.address}');
      session.on('remoteSettings', () => console.log('up'));
    })`;
    const peer: ChildProcess = spawn(process.execPath, ['-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    cleanups.push(() => peer.kill('SIGKILL'));
    await once(peer.stdout ?? peer, 'data');
    peer.kill('SIGSTOP');
    double.process.kill('SIGTERM');
    await double.ended;
    const at = (event: string): number => double.stage.journal().find((e) => e.event === event)?.time ?? NaN;
    expect(at('exit') - at('signal')).toBeGreaterThanOrEqual(1000);
  });
});

describe('told to fail', () => {
  it.each([
    ['start=exit:3', { code: 3, signal: null }, false, ''],
    ['start=SIGKILL', { code: null, signal: 'SIGKILL' }, false, ''],
    ['before-port=SIGSEGV', { code: null, signal: 'SIGSEGV' }, true, ''],
    ['before-port=exit:0', { code: 0, signal: null }, true, ''],
    ['after-port=SIGABRT', { code: null, signal: 'SIGABRT' }, true, 'Server'],
    ['120=SIGBUS', { code: null, signal: 'SIGBUS' }, true, 'Server'],
  ] as const)('CRASH=%s', async (crash, exit, attached, stdout) => {
    const double = await start([], { CRASH: crash });
    expect(await double.ended).toEqual(exit);
    expect(double.stage.xdpAttached()).toBe(attached);
    expect(double.stdout().slice(0, 6)).toBe(stdout);
  });

  it('hangs before XDP, and before its port', async () => {
    const early = await start([], { HANG: 'start' });
    await early.stage.waitFor('start');
    early.process.kill('SIGTERM');
    expect(await early.ended).toEqual({ code: null, signal: 'SIGTERM' });
    const late = await start([], { HANG: 'before-port' });
    await late.stage.waitFor('xdp-attached');
    await expect(clientOf(late).getMac(5000)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    late.process.kill('SIGTERM');
    expect(await late.ended).toEqual({ code: 0, signal: null });
  });

  it('hangs at shutdown until it is killed', async () => {
    const double = await listening([], { HANG: 'shutdown' });
    double.process.kill('SIGTERM');
    await double.stage.waitFor('signal');
    expect(await clientOf(double).getMac(5000)).toBe('00:00:00:00:00:01');
    double.process.kill('SIGKILL');
    expect(await double.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });
});

it('is built once: a second build is the same file', () => {
  expect(buildKatranDouble()).toBe(buildKatranDouble());
});

it('reads no settings from the directory it is started in', async () => {
  const stage = stageOf({ INTERFACES: 'eth0' });
  writeFileSync(join(stage.directory, '.env'), 'KATRAN_DOUBLE_GET_MAC=02:66:66:66:66:66\n');
  writeFileSync(join(stage.directory, 'bunfig.toml'), 'preload = ["./evil.js"]\n');
  writeFileSync(join(stage.directory, 'evil.js'), 'process.exit(66);\n');
  const address = `127.0.0.1:${await freePort()}`;
  const args = [`-server=${address}`, `-balancer_prog=${stage.bpfObject}`, '-nohc_forwarding'];
  const child = spawn(buildKatranDouble(), args, { cwd: stage.directory, env: stage.env, stdio: 'ignore' });
  cleanups.push(() => child.kill('SIGKILL'));
  await stage.waitFor('listening');
  const client = openKatranClient(address);
  cleanups.push(() => client.close());
  expect(await client.getMac(5000)).toBe('00:00:00:00:00:01');
});
