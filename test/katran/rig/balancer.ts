import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { BINARY, Running, type Artifact, type Ended } from '../../support/launcher.ts';
import { connect, makeNamespace, removeNamespaces, type Namespace } from '../../support/netns.ts';
import { PacketStream } from '../../support/packets.ts';
import { KatranCalls, type CallAnswer } from './katran-calls.ts';
import {
  attachedProgram,
  filledSlots,
  networkOf,
  processesIn,
  xdpProgramsOf,
  type AttachedProgram,
  type SeenProcess,
} from './kernel-view.ts';
import { realFile } from './real-katran.ts';

export const DEVICE = 'lb0';
export const DEVICE_MAC = '02:00:00:00:77:02';
export const ROUTER_DEVICE = 'gw0';
export const ROUTER_MAC = '02:00:00:00:77:01';
export const SERVER = '127.0.0.1:50051';
/** Where the root array is pinned in shared mode. */
export const ROOT_ARRAY = `/sys/fs/bpf/jmp_${DEVICE}`;

export interface Vip {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'udp' | 'tcp';
}

export const VIP4: Vip = { address: '10.200.1.1', port: 80, protocol: 'udp' };
export const VIP6: Vip = { address: 'fd20::1', port: 443, protocol: 'tcp' };
const REALS4 = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const REALS6 = ['fd30::1', 'fd30::2'];
const IP_PROTOCOL = { udp: 17, tcp: 6 } as const;

/** A VIP as katran's calls want it. */
export const vipMessage = ({ address, port, protocol }: Vip): object => ({
  address,
  port,
  protocol: IP_PROTOCOL[protocol],
});

/** What is still there of everything that was started on the balancer. */
export interface LeftOver {
  readonly processes: readonly string[];
  readonly attached: AttachedProgram | null;
  readonly slots: Readonly<Record<number, number>>;
  /** Programs of katrans that once ran, and are loaded still. */
  readonly programs: readonly number[];
}

export const NOTHING: LeftOver = { processes: [], attached: null, slots: {}, programs: [] };

const KATRAN = /^katran_server_grpc/;
const LEFT_OVER_LIMIT_MS = 10_000;
const key = (slot: number): string[] => ['key', String(slot), '0', '0', '0'];
const loaded = (id: number): boolean => spawnSync('bpftool', ['prog', 'show', 'id', String(id)]).status === 0;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/**
 * What keeps the balancer's mount namespace. It ends with its stdin: after a word when all is removed, and without one when
 * the test run was killed, and then it removes what that left. A signal to the whole process group does not keep it from that.
 */
const ROOM = `
  trap '' TERM INT HUP
  mount -t bpf bpf /sys/fs/bpf && echo ready
  read -r word && exit
  exec 2>/dev/null
  for pid in $(ip netns pids "$1"); do [ "$pid" = $$ ] || kill -9 "$pid"; done
  ip netns del "$1"; ip netns del "$2"`;

/**
 * A load balancer and its router: two network namespaces joined by a veth pair, with a real katran on the one end and packets
 * from the other. The balancer has one mount namespace with a bpffs of its own, in which everything is started, so that the
 * launcher, katran and bpftool see the same pinned maps; it goes with its last process.
 */
export class Balancer {
  readonly host: Namespace;
  readonly router: Namespace;
  readonly #room: ChildProcess;
  readonly #roomPid: number;
  readonly #network: string;
  readonly #children: ChildProcess[] = [];
  readonly #launchers: Running[] = [];
  readonly #streams: PacketStream[] = [];
  readonly #programs = new Set<number>();
  readonly #calls: KatranCalls;
  #shared = false;

  private constructor(host: Namespace, router: Namespace, room: ChildProcess, pid: number) {
    this.host = host;
    this.router = router;
    this.#room = room;
    this.#roomPid = pid;
    this.#network = networkOf(pid) ?? '';
    this.#calls = new KatranCalls(this.within);
  }

  static async make(): Promise<Balancer> {
    const host = makeNamespace('lb');
    const router = makeNamespace('gw');
    const room = host.start('sh', ['-c', ROOM, 'room', host.name, router.name], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (room.stdout === null || room.pid === undefined) throw new Error('the room cannot be made');
    await once(room.stdout, 'data');
    const balancer = new Balancer(host, router, room, room.pid);
    balancer.link();
    return balancer;
  }

  /** The words that put a program into the balancer. */
  get within(): string[] {
    return ['nsenter', `--target=${this.#roomPid}`, '--mount', '--net', '--'];
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
    this.host.ip('route replace default via 10.77.0.1');
    // Without a program at this end, what XDP sends back does not arrive here.
    this.router.ip(`link set dev ${ROUTER_DEVICE} xdp obj ${realFile('xdp_pass.o')} sec xdp`);
  }

  /** Runs a program in the balancer to its end; gives its stdout. Throws with its stderr when it fails. */
  run(command: string, ...args: string[]): string {
    const [file = '', ...words] = [...this.within, command, ...args];
    return execFileSync(file, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Attaches the root program and pins its array: from now on katran is started in shared mode. */
  share(): void {
    this.run(
      realFile('xdproot'),
      `-bpfprog=${realFile('xdp_root.o')}`,
      `-bpfpath=${ROOT_ARRAY}`,
      `-intf=${DEVICE}`,
    );
    this.#shared = true;
  }

  /** The flags of every launch here, without `-run`. */
  get flags(): string[] {
    return [
      ['-intf', DEVICE, '-binary', realFile('katran_server_grpc')],
      ['-balancer_bpf', realFile('balancer.bpf.o'), '-forwarding_cores', '0-1'],
      ['-lru_size', '1000', '-shutdown_delay', '100', '-gateway_interval', '200'],
      this.#shared ? ['-map_path', ROOT_ARRAY, '-map_pos', '1'] : [],
    ].flat();
  }

  /** Starts the launcher with the flags, -run and more; of a flag given twice the last counts. */
  launch(
    more: readonly string[] = [],
    artifact: Artifact = BINARY,
    env: Record<string, string> = {},
  ): Running {
    const launcher = new Running(artifact, [...this.flags, '-run', ...more], { within: this.within, env });
    this.#launchers.push(launcher);
    return launcher;
  }

  /** The same, until katran is up. */
  async up(
    more: readonly string[] = [],
    artifact: Artifact = BINARY,
    env: Record<string, string> = {},
  ): Promise<Running> {
    const launcher = this.launch(more, artifact, env);
    await launcher.saysOnStderr(/katran is up and running/, 40_000);
    this.remember();
    return launcher;
  }

  /** Runs a command of the launcher to its end. */
  command(words: readonly string[], artifact: Artifact = BINARY): Promise<Ended> {
    return new Running(artifact, words, { within: this.within }).ended;
  }

  /** Starts a katran without a launcher; fulfilled with its pid when it listens. */
  async startKatran(more: readonly string[] = [], server = SERVER): Promise<number> {
    const args = [
      ...[`-server=${server}`, `-intf=${DEVICE}`, `-balancer_prog=${realFile('balancer.bpf.o')}`],
      ...['-hc_forwarding=false', '-forwarding_cores=0,1', '-numa_nodes=0,0', '-lru_size=1000'],
      ...[`-default_mac=${ROUTER_MAC}`, '-shutdown_delay=100', ...more],
    ];
    const [file = '', ...words] = [...this.within, realFile('katran_server_grpc'), ...args];
    const katran = spawn(file, words, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#children.push(katran);
    if (katran.pid === undefined) throw new Error('katran cannot be started');
    const said: unknown[] = await once(katran.stdout, 'data');
    const line = String(said[0]);
    if (!line.startsWith('Server listening')) throw new Error(`katran says ${line}`);
    this.remember();
    return katran.pid;
  }

  /** A call by another client than the launcher. */
  call(method: string, request: object, server = SERVER): Promise<CallAnswer> {
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

  /** One VIP of each address family, with reals. */
  async addVips(server = SERVER): Promise<void> {
    await this.addVip(VIP4, REALS4, server);
    await this.addVip(VIP6, REALS6, server);
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

  attached(device = DEVICE): AttachedProgram | null {
    return attachedProgram(this.run('ip', '-j', '-d', 'link', 'show', 'dev', device));
  }

  /** Program ids by slot of the root array; none without one. */
  slots(): Readonly<Record<number, number>> {
    return this.#shared ? filledSlots(this.#map('dump')) : {};
  }

  /** Puts a program into a slot. */
  fillSlot(slot: number, program: number): void {
    this.#map('update', ...key(slot), 'value', 'id', String(program));
  }

  emptySlot(slot: number): void {
    this.#map('delete', ...key(slot));
  }

  #map(action: string, ...words: string[]): string {
    return this.run('bpftool', '-j', 'map', action, 'pinned', ROOT_ARRAY, ...words);
  }

  /** The katrans on the balancer. */
  katrans(): SeenProcess[] {
    return processesIn(this.#network).filter(({ argv }) => KATRAN.test(argv[0] ?? ''));
  }

  /** Kills a launcher, and not its katran: that goes on, and keeps the launcher's output open. */
  async killLauncher(launcher: Running): Promise<void> {
    const ended = once(launcher.child, 'exit');
    launcher.kill('SIGKILL');
    await ended;
  }

  /** The one katran there is. */
  katran(): number {
    const [katran, ...others] = this.katrans();
    if (katran === undefined || others.length > 0)
      throw new Error(`one katran, not ${JSON.stringify(this.katrans())}`);
    return katran.pid;
  }

  /** Fulfilled when no katran runs any more. */
  async katransEnd(timeoutMs = 20_000): Promise<void> {
    const until = performance.now() + timeoutMs;
    while (this.katrans().length > 0) {
      if (performance.now() > until) throw new Error(`still there: ${JSON.stringify(this.katrans())}`);
      await sleep(20);
    }
  }

  /** The XDP program of a katran; of the one there is, if none is named. */
  programOf(pid = this.katran()): number {
    const program = this.programIfAny(pid);
    if (program === undefined) throw new Error(`katran ${pid} has no XDP program`);
    return program;
  }

  /** The same; undefined while it has none. */
  programIfAny(pid: number): number | undefined {
    return xdpProgramsOf(pid)[0];
  }

  /** Notes the programs of the katrans that run now, for `left`. */
  remember(): void {
    for (const { pid } of this.katrans())
      for (const program of xdpProgramsOf(pid)) this.#programs.add(program);
  }

  /** What is left, after the kernel had time to free it. In shared mode `attached` is the root program: not katran's, left out. */
  async left(): Promise<LeftOver> {
    const until = performance.now() + LEFT_OVER_LIMIT_MS;
    for (;;) {
      const left: LeftOver = {
        processes: this.#others().map(({ argv }) => argv.join(' ')),
        attached: this.#shared ? null : this.attached(),
        slots: this.slots(),
        programs: [...this.#programs].filter(loaded),
      };
      if (performance.now() > until || JSON.stringify(left) === JSON.stringify(NOTHING)) return left;
      await sleep(100);
    }
  }

  /** What runs on the balancer, the rig's own left out. */
  #others(): SeenProcess[] {
    return processesIn(this.#network).filter(
      ({ pid, argv }) => pid !== this.#roomPid && !argv.some((word) => word.endsWith('katran-calls.ts')),
    );
  }

  /** Ends and removes everything. Throws when the kernel still has a program of a katran that ran here. */
  async remove(): Promise<void> {
    await Promise.allSettled(this.#streams.map((stream) => stream.stop()));
    await this.#calls.close();
    for (const { pid } of this.#others()) process.kill(pid, 'SIGKILL');
    await Promise.all(this.#launchers.map(({ ended }) => ended));
    const closed = once(this.#room, 'close');
    this.#room.stdin?.end('done\n');
    await closed;
    // With the last process go the bpffs and its pins, with the namespaces their devices, and with both the programs.
    removeNamespaces();
    for (let waited = 0; [...this.#programs].some(loaded); waited += 100) {
      if (waited > LEFT_OVER_LIMIT_MS)
        throw new Error(`programs that nobody should hold are loaded: ${[...this.#programs].join(', ')}`);
      await sleep(100);
    }
  }
}
