// The double and the real server answer the same calls alike, where the launcher depends on the answer.
import { afterEach, beforeAll, expect, it } from 'vitest';
import { buildKatranDouble, callsTo, startDouble } from '../support/katran-double/index.ts';
import { describeUnless } from '../support/describe-unless.ts';
import { Balancer } from './rig/balancer.ts';
import { whyNoRealKatran } from './rig/real-katran.ts';

const VIP = { address: '10.200.1.1', port: 80, protocol: 6 };
const OTHER = { address: '10.200.1.2', port: 80, protocol: 6 };
/** One more than a katran has room for. */
const REALS = Array.from({ length: 4096 }, (_, index) => ({
  address: `10.8.${Math.floor(index / 250)}.${(index % 250) + 1}`,
  weight: 1,
}));

/** What a call answered, without the order of a hash table: the answer, or its status. */
type Ask = (method: string, request: object) => Promise<unknown>;

const numbers: Readonly<Record<string, number>> = { CANCELLED: 1, UNIMPLEMENTED: 12 };

function inOneOrder(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(inOneOrder).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inOneOrder(one)]));
}

/** The calls of a story, in order, and what came back. */
async function told(ask: Ask, calls: readonly (readonly [method: string, request: object])[]) {
  const answers = [];
  for (const [method, request] of calls)
    answers.push({ method, request, answer: inOneOrder(await ask(method, request)) });
  return answers;
}

const add = (vip: object, reals: readonly object[]) =>
  ['modifyRealsForVip', { action: 'ADD', vip, real: { reals } }] as const;
const flag = (address: string, flags: number, setFlag: boolean) =>
  ['modifyReal', { address, flags, setFlag }] as const;
const quic = (action: 'ADD' | 'DEL', address: string, id: number) =>
  ['modifyQuicRealsMapping', { action, reals: { qreals: [{ address, id }] } }] as const;

const STORIES = {
  'VIPs that are there, are not, or are none': [
    ['addVip', { vip: VIP, flags: '3' }],
    ['addVip', { vip: VIP, flags: '0' }],
    ['addVip', { vip: { ...VIP, address: 'nonsense' } }],
    ['addVip', { vip: { ...VIP, port: 70_000 } }],
    ['addVip', { vip: { ...VIP, protocol: 1 } }],
    ['delVip', OTHER],
    ['getVipFlags', VIP],
    ['getVipFlags', OTHER],
    ['modifyVip', { vip: VIP, flags: '2', setFlag: false }],
    ['getVipFlags', VIP],
    ['getAllVips', {}],
    ['getRealsForVip', VIP],
    ['getRealsForVip', OTHER],
  ],
  'reals that are no addresses, have weight 0, or come twice': [
    ['addVip', { vip: VIP }],
    ['addRealForVip', { vip: VIP, real: { address: 'nonsense', weight: 1 } }],
    ['addRealForVip', { vip: OTHER, real: { address: '10.0.0.1', weight: 1 } }],
    add(VIP, [
      { address: '10.0.0.1', weight: 5 },
      { address: '10.0.0.2', weight: 0 },
      { address: 'FD30::01', weight: 1 },
    ]),
    add(VIP, [{ address: '10.0.0.1', weight: 7 }]),
    ['getRealsForVip', VIP],
    ['delRealForVip', { vip: VIP, real: { address: '10.0.0.9' } }],
    ['delRealForVip', { vip: VIP, real: { address: 'fd30::1' } }],
    ['getRealsForVip', VIP],
  ],
  'flags of reals': [
    ['addVip', { vip: VIP }],
    ['addVip', { vip: OTHER }],
    add(VIP, [
      { address: '10.0.0.1', weight: 1, flags: 2 },
      { address: '10.0.0.2', weight: 1, flags: 255 },
      { address: 'fd30::1', weight: 1, flags: 0 },
    ]),
    ['getRealsForVip', VIP],
    flag('10.0.0.1', 4, true),
    flag('fd30::1', 3, true),
    flag('10.0.0.9', 2, true),
    ['getRealsForVip', VIP],
    flag('10.0.0.1', 2, false),
    add(OTHER, [{ address: '10.0.0.1', weight: 1, flags: 8 }]),
    ['getRealsForVip', OTHER],
    ['getRealFlags', { address: '10.0.0.1' }],
    ['delVip', VIP],
    ['getRealsForVip', OTHER],
    ['delVip', OTHER],
    ['addVip', { vip: VIP }],
    add(VIP, [{ address: '10.0.0.1', weight: 1 }]),
    ['getRealsForVip', VIP],
  ],
  'QUIC ids': [
    quic('ADD', '10.0.0.1', 0),
    quic('ADD', '10.0.0.1', 1),
    quic('ADD', '10.0.0.2', 1),
    quic('ADD', '10.0.0.3', 16_777_214),
    quic('ADD', '10.0.0.4', 16_777_215),
    quic('ADD', 'nonsense', 5),
    quic('DEL', '10.0.0.9', 0),
    ['getQuicRealsMapping', {}],
    quic('DEL', '10.0.0.2', 1),
    ['getQuicRealsMapping', {}],
  ],
  'healthchecks without healthchecking': [
    ['addHealthcheckerDst', { somark: 1, address: '10.0.0.1' }],
    ['getHealthcheckersDst', {}],
    ['delHealthcheckerDst', { somark: 1 }],
  ],
  'one real more than there is room for': [
    ['addVip', { vip: VIP }],
    ['addVip', { vip: OTHER }],
    add(VIP, REALS),
    ['getRealsForVip', VIP],
    // The last place is taken: one that is known finds room, a new one does not.
    add(OTHER, [
      { address: '10.8.0.1', weight: 1 },
      { address: '10.9.9.9', weight: 1 },
    ]),
    ['getRealsForVip', OTHER],
    ['delRealForVip', { vip: VIP, real: { address: '10.8.0.2' } }],
    add(OTHER, [{ address: '10.9.9.9', weight: 1 }]),
    ['getRealsForVip', OTHER],
  ],
} satisfies Record<string, readonly (readonly [method: string, request: object])[]>;

describeUnless(whyNoRealKatran(), 'the double answers as the real katran does', () => {
  let balancer: Balancer;
  beforeAll(() => void buildKatranDouble(), 120_000);
  afterEach(() => balancer.remove());

  it.each(Object.entries(STORIES))('%s', { timeout: 120_000 }, async (_what, calls) => {
    balancer = await Balancer.make();
    await balancer.startKatran();
    const real = await told(async (method, request) => {
      const { answer, code } = await balancer.call(method, request);
      return code === undefined ? answer : { code };
    }, calls);
    const double = await startDouble();
    await double.stage.waitFor('listening');
    const client = callsTo(double.address);
    try {
      const stood = await told(async (method, request) => {
        const { status, details, ...answer } = await client.call(method, request, 60_000);
        return status === undefined
          ? answer
          : { code: typeof status === 'string' ? numbers[status] : details };
      }, calls);
      expect(stood).toEqual(real);
    } finally {
      client.close();
      await double.remove();
    }
  });
});
