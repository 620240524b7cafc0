import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  buildKatranDouble,
  type CallResult,
  type Calls,
  callsTo,
  type Double,
  type Settings,
  startDouble,
} from '../../support/katran-double/index.ts';

// What the real server answered to the same calls; the double is to be no kinder and no stricter.

const DONE = { success: true };
const REFUSED = { status: 'CANCELLED', details: '' };
const cleanups: (() => unknown)[] = [];

beforeAll(() => void buildKatranDouble(), 60_000);
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listening(settings: Settings = {}, args: readonly string[] = []): Promise<Double & Calls> {
  const double = await startDouble({ args, settings });
  cleanups.push(() => double.remove());
  await double.stage.waitFor('listening');
  const calls = callsTo(double.address);
  cleanups.push(() => calls.close());
  return { ...double, ...calls };
}

function vip(
  address = '10.200.1.1',
  port = 80,
  protocol = 6,
): { address: string; port: number; protocol: number } {
  return { address, port, protocol };
}

function real(address: string, weight = 1, flags = 0): { address: string; weight: number; flags: number } {
  return { address, weight, flags };
}

function adding(...reals: object[]): object {
  return { action: 'ADD', vip: vip(), real: { reals } };
}

/** Sorted, as everybody must who compares: the answer's order is that of a hash table. */
async function reals(calls: Calls, of = vip()): Promise<unknown[]> {
  return sorted(await calls.call('getRealsForVip', of), 'reals');
}

function sorted(answer: CallResult, field: string): unknown[] {
  const items: unknown = answer[field];
  if (!Array.isArray(items)) throw new Error(`no ${field} in ${JSON.stringify(answer)}`);
  return items
    .map((item) => JSON.stringify(item))
    .sort()
    .map((item): unknown => JSON.parse(item));
}

describe('VIPs', () => {
  it('are added once, deleted once, and known by the address as it was typed', async () => {
    const katran = await listening();
    expect(await katran.call('addVip', { vip: vip(), flags: 1 })).toEqual(DONE);
    expect(await katran.call('addVip', { vip: vip(), flags: 2 })).toEqual(REFUSED);
    expect(await katran.call('getVipFlags', vip())).toEqual({ flags: '1' });
    expect(await katran.call('addVip', { vip: vip('FD20::1') })).toEqual(DONE);
    expect(await katran.call('addVip', { vip: vip('fd20:0::1') })).toEqual(DONE);
    expect(sorted(await katran.call('getAllVips'), 'vips')).toEqual([
      vip(),
      vip('FD20::1'),
      vip('fd20:0::1'),
    ]);
    expect(await katran.call('delVip', vip())).toEqual(DONE);
    expect(await katran.call('delVip', vip())).toEqual(REFUSED);
    expect(await katran.call('getRealsForVip', vip())).toEqual(REFUSED);
  });

  it.each(['nonsense', '', '10.200.1', '10.200.1.1/24', '010.200.1.1', ' 10.200.1.1', 'fd20::2%lo'])(
    'of the address %j are refused',
    async (address) => {
      expect(await (await listening()).call('addVip', { vip: vip(address) })).toEqual(REFUSED);
    },
  );

  it.each([
    [70000, 6, 4464, 6],
    [-1, 6, 65535, 6],
    [0, 0, 0, 0],
    [80, 1, 80, 1],
    [80, 300, 80, 44],
    [80, -1, 80, 255],
  ])('of port %d and protocol %d are taken as %d and %d', async (port, protocol, ...taken) => {
    const katran = await listening();
    expect(await katran.call('addVip', { vip: vip('10.200.1.1', port, protocol) })).toEqual(DONE);
    expect(await katran.call('getAllVips')).toEqual({ vips: [vip('10.200.1.1', ...taken)] });
    expect(await katran.call('delVip', vip('10.200.1.1', port, protocol))).toEqual(DONE);
  });

  it('have 32 flag bits, which modifyVip sets and clears; those of an unknown one are all 64', async () => {
    const katran = await listening();
    expect(await katran.call('getVipFlags', vip())).toEqual({ flags: '18446744073709551615' });
    expect(await katran.call('modifyVip', { vip: vip(), flags: 2, setFlag: true })).toEqual(REFUSED);
    await katran.call('addVip', { vip: vip(), flags: '4294967301' });
    await katran.call('modifyVip', { vip: vip(), flags: 2, setFlag: true });
    expect(await katran.call('getVipFlags', vip())).toEqual({ flags: '7' });
    await katran.call('modifyVip', { vip: vip(), flags: 1, setFlag: false });
    expect(await katran.call('getVipFlags', vip())).toEqual({ flags: '6' });
    await katran.call('addVip', { vip: vip('10.200.1.2'), flags: -1 });
    expect(await katran.call('getVipFlags', vip('10.200.1.2'))).toEqual({ flags: '4294967295' });
  });

  it('find room 512 at a time, in no order', async () => {
    const katran = await listening();
    const names = Array.from({ length: 513 }, (_, i) => `10.201.${i >> 8}.${i & 255}`);
    const answers = await Promise.all(names.map((name) => katran.call('addVip', { vip: vip(name) })));
    expect(answers.filter((answer) => 'success' in answer)).toHaveLength(512);
    expect(answers.at(-1)).toEqual(REFUSED);
    const { vips } = await katran.call('getAllVips');
    const read = Array.isArray(vips) ? vips.map((each: { address: string }) => each.address) : [];
    expect(read).not.toEqual(names.slice(0, 512));
    expect(read).not.toEqual([...read].sort());
    expect(read.toSorted()).toEqual(names.slice(0, 512).sort());
    await katran.call('delVip', vip(names[7]));
    expect(await katran.call('addVip', { vip: vip(names[512]) })).toEqual(DONE);
  });
});

describe('reals', () => {
  it('of an unknown VIP are refused; what is no address is a success that adds nothing', async () => {
    const katran = await listening();
    for (const call of ['addRealForVip', 'delRealForVip']) {
      expect(await katran.call(call, { vip: vip(), real: real('10.0.0.1') })).toEqual(REFUSED);
    }
    expect(await katran.call('modifyRealsForVip', adding(real('10.0.0.1')))).toEqual(REFUSED);
    await katran.call('addVip', { vip: vip() });
    expect(await katran.call('getRealsForVip', vip())).toEqual({ reals: [] });
    for (const address of ['bad', '', '10.0.0.1/32']) {
      expect(await katran.call('addRealForVip', { vip: vip(), real: real(address) })).toEqual(DONE);
    }
    expect(await katran.call('addRealForVip', { vip: vip() })).toEqual(DONE);
    expect(await katran.call('modifyRealsForVip', adding(real('bad'), real('10.0.0.1', 4)))).toEqual(DONE);
    expect(await reals(katran)).toEqual([real('10.0.0.1', 4)]);
    expect(await katran.call('delRealForVip', { vip: vip(), real: real('10.0.0.9') })).toEqual(DONE);
  });

  it('keep the weight they got last, 0 and negative ones too, under one name for one address', async () => {
    const katran = await listening();
    await katran.call('addVip', { vip: vip() });
    await katran.call(
      'modifyRealsForVip',
      adding(real('10.0.0.1', 1), real('10.0.0.2', 0), real('10.0.0.1', 4)),
    );
    await katran.call('addRealForVip', { vip: vip(), real: real('FD00:0::0001', 5) });
    await katran.call('addRealForVip', { vip: vip(), real: real('fd00::1', -1) });
    expect(await reals(katran)).toEqual([real('10.0.0.1', 4), real('10.0.0.2', 0), real('fd00::1', -1)]);
    const gone = { action: 'DEL', vip: vip(), real: { reals: [real('10.0.0.1', 9), real('bad')] } };
    expect(await katran.call('modifyRealsForVip', gone)).toEqual(DONE);
    expect(await reals(katran)).toEqual([real('10.0.0.2', 0), real('fd00::1', -1)]);
  });

  it('have flags of their own, set when katran gets to know them, changed by modifyReal, read with the VIP', async () => {
    const katran = await listening();
    await katran.call('addVip', { vip: vip() });
    await katran.call('addVip', { vip: vip('10.200.1.2') });
    await katran.call('addRealForVip', { vip: vip(), real: real('10.0.0.1', 1, 2) });
    await katran.call('addRealForVip', { vip: vip('10.200.1.2'), real: real('10.0.0.1', 3, 0) });
    expect(await reals(katran, vip('10.200.1.2'))).toEqual([real('10.0.0.1', 3, 2)]);
    expect(await katran.call('modifyReal', { address: '10.0.0.1', flags: 2, setFlag: false })).toEqual(DONE);
    expect(await reals(katran)).toEqual([real('10.0.0.1', 1, 0)]);
    await katran.call('modifyReal', { address: '10.0.0.1', flags: 0x1ff, setFlag: true });
    expect(await reals(katran)).toEqual([real('10.0.0.1', 1, 0xfe)]);
    for (const address of ['10.0.0.99', 'bad']) {
      expect(await katran.call('modifyReal', { address, flags: 2, setFlag: true })).toEqual(REFUSED);
    }
    await katran.call('delVip', vip());
    await katran.call('delVip', vip('10.200.1.2'));
    expect(await katran.call('modifyReal', { address: '10.0.0.1', flags: 2, setFlag: true })).toEqual(
      REFUSED,
    );
    expect(await katran.call('getRealFlags', { address: '10.0.0.1' })).toEqual({
      status: 'UNIMPLEMENTED',
      details: '',
    });
  });

  it('find room 4,095 at a time, over all VIPs; the rest is passed over with success', async () => {
    const katran = await listening();
    await katran.call('addVip', { vip: vip() });
    await katran.call('addVip', { vip: vip('10.200.1.2') });
    const many = Array.from({ length: 4100 }, (_, i) => real(`10.1.${i >> 8}.${i & 255}`));
    expect(await katran.call('modifyRealsForVip', adding(...many))).toEqual(DONE);
    expect(await reals(katran)).toHaveLength(4095);
    const other = (address: string): Promise<CallResult> =>
      katran.call('addRealForVip', { vip: vip('10.200.1.2'), real: real(address) });
    expect(await other('10.2.0.1')).toEqual(DONE);
    expect(await other('10.1.0.5')).toEqual(DONE);
    expect(await reals(katran, vip('10.200.1.2'))).toEqual([real('10.1.0.5')]);
  });
});

describe('QUIC ids', () => {
  it('of 0 to 16777214 are added, moved and deleted with their address; all else is passed over with success', async () => {
    const katran = await listening();
    const modify = (action: string, ...qreals: object[]): Promise<CallResult> =>
      katran.call('modifyQuicRealsMapping', { action, reals: { qreals } });
    const ids = [0, 1, 16777214, 16777215, -1];
    expect(await modify('ADD', ...ids.map((id) => ({ address: '10.0.0.1', id })))).toEqual(DONE);
    expect(await modify('ADD', { address: 'bad', id: 2 }, { address: 'FD00::9', id: 1 })).toEqual(DONE);
    const read = async (): Promise<unknown[]> => sorted(await katran.call('getQuicRealsMapping'), 'qreals');
    const kept = [
      { address: '10.0.0.1', id: 0 },
      { address: '10.0.0.1', id: 16777214 },
    ];
    expect(await read()).toEqual([...kept, { address: 'fd00::9', id: 1 }]);
    expect(await modify('DEL', { address: '10.0.0.1', id: 1 }, { address: '10.0.0.1', id: 0 })).toEqual(DONE);
    expect(await read()).toEqual([kept[1], { address: 'fd00::9', id: 1 }]);
  });
});

describe('healthchecks', () => {
  it('are refused, reads too, without -hc_forwarding', async () => {
    const katran = await listening();
    expect(await katran.call('addHealthcheckerDst', { somark: 1, address: '10.0.0.1' })).toEqual(REFUSED);
    expect(await katran.call('delHealthcheckerDst', { somark: 1 })).toEqual(REFUSED);
    expect(await katran.call('getHealthcheckersDst')).toEqual(REFUSED);
  });

  it('are kept by socket mark with it', async () => {
    const katran = await listening({}, ['-hc_forwarding=true', '-healthchecker_prog=/proc/self/exe']);
    expect(await katran.call('addHealthcheckerDst', { somark: 7, address: '10.0.0.1' })).toEqual(DONE);
    expect(await katran.call('addHealthcheckerDst', { somark: 8, address: 'bad' })).toEqual(REFUSED);
    expect(await katran.call('getHealthcheckersDst')).toEqual({ healthchecks: { 7: '10.0.0.1' } });
    expect(await katran.call('delHealthcheckerDst', { somark: 7 })).toEqual(DONE);
    expect(await katran.call('delHealthcheckerDst', { somark: 7 })).toEqual(REFUSED);
  });
});

describe('counters', () => {
  it('are what the test says, zeros otherwise and for an unknown VIP', async () => {
    const katran = await listening();
    await katran.call('addVip', { vip: vip() });
    const zeros = { v1: '0', v2: '0' };
    for (const call of ['getLruStats', 'getLruMissStats', 'getLruFallbackStats', 'getIcmpTooBigStats']) {
      expect(await katran.call(call)).toEqual(zeros);
    }
    katran.stage.setStats({ lru: [5, 2], 'lru-miss': [1, 1], '10.200.1.1:80/6': [3, 18446744073709551615n] });
    expect(await katran.call('getLruStats')).toEqual({ v1: '5', v2: '2' });
    expect(await katran.call('getLruMissStats')).toEqual({ v1: '1', v2: '1' });
    expect(await katran.call('getStatsForVip', vip())).toEqual({ v1: '3', v2: '18446744073709551615' });
    expect(await katran.call('getStatsForVip', vip('10.200.1.2'))).toEqual(zeros);
  });
});

describe('told to fail', () => {
  it('REFUSE_VIP: every change of that VIP is refused, no other', async () => {
    const katran = await listening({ REFUSE_VIP: '10.200.1.1' });
    expect(await katran.call('addVip', { vip: vip() })).toEqual(REFUSED);
    expect(await katran.call('addVip', { vip: vip('10.200.1.2') })).toEqual(DONE);
    katran.stage.control({ REFUSE_VIP: '' });
    expect(await katran.call('addVip', { vip: vip() })).toEqual(DONE);
    katran.stage.control({ REFUSE_VIP: '10.200.1.1' });
    expect(await katran.call('modifyRealsForVip', adding(real('10.0.0.1')))).toEqual(REFUSED);
    expect(await katran.call('delVip', vip())).toEqual(REFUSED);
    expect(await reals(katran)).toEqual([]);
  });

  it('LOSE_REAL: that real is added with success, and is not there', async () => {
    const katran = await listening({ LOSE_REAL: '10.0.0.2' });
    await katran.call('addVip', { vip: vip() });
    expect(await katran.call('modifyRealsForVip', adding(real('10.0.0.1'), real('10.0.0.2')))).toEqual(DONE);
    expect(await reals(katran)).toEqual([real('10.0.0.1')]);
  });

  it('CRASH=change-2: dies when it has made the second change, before it answers', async () => {
    const katran = await listening({ CRASH: 'change-2=SIGSEGV' });
    expect(await katran.call('addVip', { vip: vip() })).toEqual(DONE);
    expect(await katran.call('addVip', { vip: vip('10.200.1.2') })).toMatchObject({ status: 'UNAVAILABLE' });
    expect(await katran.ended).toEqual({ code: null, signal: 'SIGSEGV' });
    expect(katran.stage.journal().filter(({ event }) => event === 'addVip')).toHaveLength(2);
  });

  it('CHANGE_TIME: changes wait for each other, reads for none', async () => {
    const katran = await listening({ CHANGE_TIME: 200 });
    const began = performance.now();
    const changes = ['10.200.1.1', '10.200.1.2', '10.200.1.3'].map((name) =>
      katran.call('addVip', { vip: vip(name) }),
    );
    expect(await katran.call('getAllVips')).toEqual({ vips: [] });
    await Promise.all(changes);
    expect(performance.now() - began).toBeGreaterThanOrEqual(595);
  });
});

it('journals every change as it was asked for, and whether it was refused', async () => {
  const katran = await listening();
  await katran.call('addVip', { vip: vip(), flags: 2 });
  await katran.call('delVip', vip('10.200.1.9'));
  const [added] = katran.stage.journal().filter(({ event }) => event === 'addVip');
  expect(added).toMatchObject({ request: { vip: vip(), flags: '2' }, refused: false });
  expect(await katran.stage.waitFor('delVip')).toMatchObject({ request: vip('10.200.1.9'), refused: true });
});
