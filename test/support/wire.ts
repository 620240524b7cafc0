import { type CallAnswer, KatranCalls } from './katran-calls.ts';
import { type AttachedProgram, attachedProgram, processesIn, type SeenProcess } from './kernel-view.ts';
import { connect, makeNamespace, type Namespace, removeNamespace } from './netns.ts';
import { type PacketReport, PacketStream } from './packets.ts';
import { type Vip, vipMessage } from './vips.ts';

export const DEVICE = 'lb0';
const DEVICE_MAC = '02:00:00:00:77:02';
export const ROUTER_DEVICE = 'gw0';
export const ROUTER_MAC = '02:00:00:00:77:01';
/** Where katran listens on the load balancer. */
export const SERVER = '127.0.0.1:50051';
/** Where a second one does. */
export const OTHER_SERVER = '127.0.0.1:50052';

/**
 * A load balancer and its router: two network namespaces joined by a veth pair, with addresses of both families, and what is seen of a
 * katran on the one and sent to it from the other.
 */
export class Wire {
  readonly host: Namespace = makeNamespace('lb');
  readonly router: Namespace = makeNamespace('gw');
  readonly #network = this.host.run('readlink', '/proc/self/ns/net').trim();
  readonly #streams: PacketStream[] = [];
  #calls: KatranCalls | undefined;

  constructor() {
    this.link();
  }

  /** Joins the two, as at the beginning; for a NIC that was taken away. */
  link(): void {
    connect(
      {
        namespace: this.host,
        device: DEVICE,
        addresses: ['10.77.0.2/24', 'fd77::2/64'],
        mac: DEVICE_MAC,
      },
      {
        namespace: this.router,
        device: ROUTER_DEVICE,
        addresses: ['10.77.0.1/24', 'fd77::1/64'],
        mac: ROUTER_MAC,
      },
    );
    // A new MAC is announced, as routers do.
    this.router.sysctl(`ipv4/conf/${ROUTER_DEVICE}/arp_notify`, 1);
    this.router.sysctl(`ipv6/conf/${ROUTER_DEVICE}/ndisc_notify`, 1);
    this.host.ip('route replace default via 10.77.0.1');
  }

  /** The words that put a program onto the load balancer. */
  get within(): readonly string[] {
    return this.host.within;
  }

  attached(device = DEVICE): AttachedProgram | null {
    return attachedProgram(this.host.ip(`-j -d link show dev ${device}`));
  }

  /** What runs on the load balancer, the test's own client left out. */
  processes(): SeenProcess[] {
    return processesIn(this.#network).filter(({ pid }) => pid !== this.#calls?.pid);
  }

  /** The katrans on it. */
  katrans(): SeenProcess[] {
    return this.processes().filter(({ argv }) => /^katran_server_grpc/.test(argv[0] ?? ''));
  }

  /** A call by another client than the launcher. */
  call(method: string, request: object, server = SERVER): Promise<CallAnswer> {
    this.#calls ??= new KatranCalls(this.within);
    return this.#calls.call(server, method, request);
  }

  async addVip(vip: Vip, reals: readonly string[], server = SERVER): Promise<void> {
    const added = await this.call('addVip', { vip: vipMessage(vip) }, server);
    const list = reals.map((address) => ({ address, weight: 10 }));
    const filled = await this.call(
      'modifyRealsForVip',
      { action: 'ADD', vip: vipMessage(vip), real: { reals: list } },
      server,
    );
    if (added.code !== undefined || filled.code !== undefined)
      throw new Error(`${vip.address} was refused: ${JSON.stringify([added, filled])}`);
  }

  /** How many packets katran itself has counted for a VIP. */
  async counted(vip: Vip, server = SERVER): Promise<bigint> {
    const { answer } = await this.call('getStatsForVip', vipMessage(vip), server);
    return typeof answer === 'object' && answer !== null && 'v1' in answer ? BigInt(String(answer.v1)) : 0n;
  }

  /** Sends numbered packets to a VIP from the router's end. */
  send(vip: Vip, perSecond = 1000, count = 200_000): PacketStream {
    const stream = new PacketStream({
      namespace: this.router,
      device: ROUTER_DEVICE,
      deviceMac: ROUTER_MAC,
      toMac: DEVICE_MAC,
      source: vip.address.includes(':') ? 'fd77::1' : '10.77.0.1',
      vip: vip.address,
      port: vip.port,
      protocol: vip.protocol,
      perSecond,
      count,
    });
    this.#streams.push(stream);
    return stream;
  }

  /** Ends every stream of packets, and gives what was seen of each. */
  stopPackets(): Promise<PacketReport[]> {
    return Promise.all(this.#streams.splice(0).map((stream) => stream.stop()));
  }

  /** Ends the packets and the client. */
  protected async quiet(): Promise<void> {
    await this.stopPackets().catch(() => undefined);
    const calls = this.#calls;
    this.#calls = undefined;
    await calls?.close();
  }

  /** Ends what it started itself, and removes the namespaces. Processes of others in them keep running. */
  async remove(): Promise<void> {
    await this.quiet();
    removeNamespace(this.host);
    removeNamespace(this.router);
  }
}
