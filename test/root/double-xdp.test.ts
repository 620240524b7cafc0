import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CallAnswer, KatranCalls } from '../katran/rig/katran-calls.ts';
import { attachedProgram, xdpProgramsOf } from '../katran/rig/kernel-view.ts';
import {
  attachPass,
  attachRoot,
  type BpfDirectory,
  buildKatranDouble,
  type Double,
  makeBpfDirectory,
  type RootArray,
  type Settings,
  startDouble,
  whyNoBpf,
} from '../support/katran-double/index.ts';
import {
  connect,
  makeNamespace,
  type Namespace,
  removeNamespaces,
  whyNoNamespaces,
} from '../support/netns.ts';
import { type PacketReport, PacketStream } from '../support/packets.ts';

// The double with real XDP must forward, stay and go as katran does, or handovers that are tested with it prove nothing.

const DEVICE = 'lb0';
const DEVICE_MAC = '02:00:00:00:77:02';
const ROUTER_DEVICE = 'gw0';
const ROUTER_MAC = '02:00:00:00:77:01';
const PUSHED_MAC = '02:00:00:00:88:01';
const SERVER = '127.0.0.1:50051';
const VIP4 = { address: '10.200.1.1', port: 80, protocol: 'udp', source: '10.77.0.1' } as const;
const VIP6 = { address: 'fd20::1', port: 443, protocol: 'tcp', source: 'fd77::1' } as const;
const NUMBERS = { udp: 17, tcp: 6 } as const;
type Vip = typeof VIP4 | typeof VIP6;

const impossible = whyNoNamespaces() ?? whyNoBpf();
const cleanups: (() => unknown)[] = [];

beforeAll(() => void buildKatranDouble(), 60_000);
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Rig {
  readonly balancer: Namespace;
  readonly directory: BpfDirectory;
  readonly katran: (args?: readonly string[], settings?: Settings) => Promise<Double>;
  readonly call: (method: string, request: object) => Promise<CallAnswer>;
  readonly serve: (vip: Vip, real: string) => Promise<void>;
  /** Packets to the VIP from the other namespace, a thousand a second. */
  readonly stream: (vip: Vip, count: number) => PacketStream;
  /** 200 of them, to the end. */
  readonly send: (vip: Vip) => Promise<PacketReport>;
  readonly attached: () => ReturnType<typeof attachedProgram>;
}

function makeRig(): Rig {
  const balancer = makeNamespace('lb');
  const router = makeNamespace('gw');
  cleanups.push(removeNamespaces);
  const directory = makeBpfDirectory();
  cleanups.push(() => directory.remove());
  const ends = [
    { namespace: balancer, device: DEVICE, addresses: ['10.77.0.2/24', 'fd77::2/64'], mac: DEVICE_MAC },
    { namespace: router, device: ROUTER_DEVICE, addresses: ['10.77.0.1/24', 'fd77::1/64'], mac: ROUTER_MAC },
  ] as const;
  connect(...ends);
  attachPass(router, ROUTER_DEVICE, directory);
  const calls = new KatranCalls(['ip', 'netns', 'exec', balancer.name]);
  cleanups.push(() => calls.close());
  const call = (method: string, request: object): Promise<CallAnswer> => calls.call(SERVER, method, request);
  const vipOf = ({ address, port, protocol }: Vip): object => ({
    address,
    port,
    protocol: NUMBERS[protocol],
  });
  const stream = ({ address, port, protocol, source }: Vip, count: number): PacketStream =>
    new PacketStream({
      namespace: router,
      device: ROUTER_DEVICE,
      deviceMac: ROUTER_MAC,
      toMac: DEVICE_MAC,
      source,
      vip: address,
      port,
      protocol,
      perSecond: 1000,
      count,
    });
  return {
    balancer,
    directory,
    katran: async (args = [], settings = {}) => {
      const double = await startDouble({
        namespace: balancer,
        address: SERVER,
        args: [`-intf=${DEVICE}`, '-shutdown_delay=100', ...args],
        settings: { REAL_XDP: 1, INTERFACES: '', ...settings },
      });
      cleanups.push(() => double.remove());
      await double.stage.waitFor('listening');
      return double;
    },
    call,
    serve: async (vip, address) => {
      await call('addVip', { vip: vipOf(vip) });
      await call('addRealForVip', { vip: vipOf(vip), real: { address, weight: 1 } });
    },
    stream,
    send: (vip) => stream(vip, 200).report,
    attached: () => attachedProgram(balancer.ip(`-j -d link show dev ${DEVICE}`)),
  };
}

function returnedTo({ returned, outerMacs }: PacketReport): { returned: number; macs: string[] } {
  return { returned, macs: outerMacs.map(({ mac }) => mac) };
}

const ALL_PUSHED = { returned: 200, macs: [PUSHED_MAC] };
const NONE = { returned: 0, macs: [] };

describe.skipIf(impossible !== undefined)(`the double with real XDP ${impossible ?? ''}`, () => {
  it('standalone: sends the packets of its VIPs back encapsulated, to the MAC that was pushed, and counts them', async () => {
    const rig = makeRig();
    const double = await rig.katran([`-default_mac=${ROUTER_MAC}`]);
    expect(await rig.send(VIP4)).toMatchObject({ returned: 0 });
    await rig.serve(VIP4, '10.0.0.1');
    await rig.serve(VIP6, 'fd30::1');
    expect(returnedTo(await rig.send(VIP4))).toEqual({ returned: 200, macs: [ROUTER_MAC] });
    await rig.call('changeMac', { mac: PUSHED_MAC });
    expect(returnedTo(await rig.send(VIP4))).toEqual(ALL_PUSHED);
    expect(returnedTo(await rig.send(VIP6))).toEqual(ALL_PUSHED);
    const counted = await rig.call('getStatsForVip', { address: VIP6.address, port: 443, protocol: 6 });
    expect(counted.answer).toMatchObject({ v1: '200' });
    await rig.call('delVip', { address: VIP4.address, port: 80, protocol: 17 });
    expect(returnedTo(await rig.send(VIP4))).toEqual(NONE);
    const attached = rig.attached();
    expect(attached).toMatchObject({ mode: 'native', name: 'balancer_ingres' });
    expect(xdpProgramsOf(double.pid)).toEqual([attached?.id]);
  });

  it('standalone: SIGTERM takes the program away, SIGKILL leaves it forwarding, the next start replaces it', async () => {
    const rig = makeRig();
    const first = await rig.katran([`-default_mac=${PUSHED_MAC}`]);
    await rig.serve(VIP4, '10.0.0.1');
    const before = rig.attached();
    first.process.kill('SIGKILL');
    await first.ended;
    expect(rig.attached()).toEqual(before);
    expect(returnedTo(await rig.send(VIP4))).toEqual(ALL_PUSHED);
    const second = await rig.katran();
    expect(rig.attached()?.id).not.toBe(before?.id);
    expect(returnedTo(await rig.send(VIP4))).toEqual(NONE);
    second.process.kill('SIGTERM');
    expect(await second.ended).toEqual({ code: 0, signal: null });
    expect(rig.attached()).toBeNull();
  });

  it('standalone: aborts where another program is attached in generic mode', async () => {
    const rig = makeRig();
    await (await rig.katran()).remove();
    const id = rig.attached()?.id;
    rig.balancer.run('bpftool', 'prog', 'pin', 'id', String(id), `${rig.directory.path}/program`);
    rig.balancer.ip(`link set dev ${DEVICE} xdp off`);
    rig.balancer.ip(`link set dev ${DEVICE} xdpgeneric pinned ${rig.directory.path}/program`);
    const double = await startDouble({
      namespace: rig.balancer,
      address: SERVER,
      args: [`-intf=${DEVICE}`],
      settings: { REAL_XDP: 1, INTERFACES: '' },
    });
    cleanups.push(() => double.remove());
    expect(await double.ended).toEqual({ code: null, signal: 'SIGABRT' });
    expect(rig.attached()).toMatchObject({ id, mode: 'generic' });
  });

  describe('in shared mode', () => {
    async function sharedRig(
      slot: number,
      settings: Settings = {},
    ): Promise<Rig & { root: RootArray; first: Double; shared: string[] }> {
      const rig = makeRig();
      const root = attachRoot(rig.balancer, DEVICE, rig.directory);
      const shared = [`-map_path=${root.path}`, `-default_mac=${PUSHED_MAC}`];
      const first = await rig.katran([...shared, `-prog_pos=${slot}`], settings);
      await rig.serve(VIP4, '10.0.0.1');
      return { ...rig, root, first, shared };
    }

    it('its program is in its slot and forwards; SIGTERM deletes the slot, and says so when it is empty already', async () => {
      const { root, first, send, attached, katran, shared } = await sharedRig(1);
      expect(root.slots()).toEqual({ 1: xdpProgramsOf(first.pid)[0] });
      expect(attached()?.name).toBe('xdp_root');
      expect(returnedTo(await send(VIP4))).toEqual(ALL_PUSHED);
      first.process.kill('SIGTERM');
      expect(await first.ended).toEqual({ code: 0, signal: null });
      expect(root.slots()).toEqual({});
      const second = await katran([...shared, '-prog_pos=1']);
      root.clear(1);
      second.process.kill('SIGTERM');
      expect(await second.ended).toEqual({ code: 0, signal: null });
      expect(second.stderr()).toMatch(/wasn't able to delete main bpf prog/);
      expect(attached()?.name).toBe('xdp_root');
    });

    it('the traffic moves to a successor in one update of the map, over the death of the first, without a loss', async () => {
      const { root, first, stream, serve, katran, shared } = await sharedRig(1);
      const packets = stream(VIP4, 100_000);
      await packets.firstBack;
      first.process.kill('SIGKILL');
      await first.ended;
      const next = await katran([...shared, '-prog_pos=2', `-default_mac=${ROUTER_MAC}`]);
      await serve(VIP4, '10.0.0.2');
      root.put(1, xdpProgramsOf(next.pid)[0] ?? 0);
      root.clear(2);
      await packets.seesMac(ROUTER_MAC);
      const report = await packets.stop();
      expect(report.lost).toEqual([]);
      expect(report.outerMacs.map(({ mac }) => mac)).toEqual([PUSHED_MAC, ROUTER_MAC]);
    });

    it.each(['SIGKILL', 'SIGSEGV'] as const)(
      '%s leaves the slot filled and forwarding; a successor in a later slot is idle until its program is put there',
      async (signal) => {
        const crash: Settings = signal === 'SIGSEGV' ? { CRASH: 'change-3=SIGSEGV' } : {};
        const { root, first, send, call, serve, katran, shared } = await sharedRig(1, crash);
        const left = root.slots();
        if (signal === 'SIGSEGV')
          await call('addVip', { vip: { address: '10.200.1.9', port: 1, protocol: 6 } });
        else first.process.kill(signal);
        expect(await first.ended).toEqual({ code: null, signal });
        expect(root.slots()).toEqual(left);
        expect(returnedTo(await send(VIP4))).toEqual(ALL_PUSHED);
        const next = await katran([...shared, '-prog_pos=2', `-default_mac=${ROUTER_MAC}`]);
        await serve(VIP4, '10.0.0.2');
        expect(returnedTo(await send(VIP4))).toEqual(ALL_PUSHED);
        root.put(1, root.slots()[2] ?? 0);
        root.clear(2);
        expect(returnedTo(await send(VIP4))).toEqual({ returned: 200, macs: [ROUTER_MAC] });
        expect(root.slots()).toEqual({ 1: xdpProgramsOf(next.pid)[0] });
      },
    );
  });
});
