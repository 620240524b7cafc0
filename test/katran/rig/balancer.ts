import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  filledSlots,
  xdpProgramsOf,
  type AttachedProgram,
  type SeenProcess,
} from '../../support/kernel-view.ts';
import type { Running } from '../../support/launcher.ts';
import { LoadBalancer } from '../../support/load-balancer.ts';
import { VIP4, VIP6 } from '../../support/vips.ts';
import { DEVICE, ROUTER_DEVICE, ROUTER_MAC, SERVER } from '../../support/wire.ts';
import { realFile } from './real-katran.ts';

/** Where the root array is pinned in shared mode. */
export const ROOT_ARRAY = `/sys/fs/bpf/jmp_${DEVICE}`;

export const REALS4 = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
export const REALS6 = ['fd30::1', 'fd30::2'];

/** What is still there of everything that was started on the balancer. */
export interface LeftOver {
  readonly processes: readonly string[];
  readonly attached: AttachedProgram | null;
  readonly slots: Readonly<Record<number, number>>;
  /** Programs of katrans that once ran, and are loaded still. */
  readonly programs: readonly number[];
}

export const NOTHING: LeftOver = { processes: [], attached: null, slots: {}, programs: [] };

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
 * A load balancer with a real katran. It has one mount namespace with a bpffs of its own, in which everything is started, so that the
 * launcher, katran and bpftool see the same pinned maps; it goes with its last process.
 */
export class Balancer extends LoadBalancer {
  readonly #room: ChildProcess;
  readonly #programs = new Set<number>();
  #shared = false;

  private constructor() {
    super();
    this.#room = this.host.start('sh', ['-c', ROOM, 'room', this.host.name, this.router.name], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  }

  static async make(): Promise<Balancer> {
    const balancer = new Balancer();
    const { stdout } = balancer.#room;
    if (stdout === null) throw new Error('the room cannot be made');
    await once(stdout, 'data');
    return balancer;
  }

  override get within(): readonly string[] {
    return ['nsenter', `--target=${this.#room.pid ?? 0}`, '--mount', '--net', '--'];
  }

  override link(): void {
    super.link();
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

  override get flags(): readonly string[] {
    return [
      ['-intf', DEVICE, '-binary', realFile('katran_server_grpc')],
      ['-balancer_bpf', realFile('balancer.bpf.o'), '-forwarding_cores', '0-1'],
      ['-lru_size', '1000', '-shutdown_delay', '100', '-gateway_interval', '200'],
      this.#shared ? ['-map_path', ROOT_ARRAY, '-map_pos', '1'] : [],
    ].flat();
  }

  override async up(...words: Parameters<LoadBalancer['up']>): Promise<Running> {
    const launcher = await super.up(...words);
    this.remember();
    return launcher;
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
    if (katran.pid === undefined) throw new Error('katran cannot be started');
    const said: unknown[] = await once(katran.stdout, 'data');
    const line = String(said[0]);
    if (!line.startsWith('Server listening')) throw new Error(`katran says ${line}`);
    this.remember();
    return katran.pid;
  }

  /** The same, with its program in a slot of the root array. */
  startInSlot(slot: number, server = SERVER): Promise<number> {
    return this.startKatran([`-map_path=${ROOT_ARRAY}`, `-prog_pos=${slot}`], server);
  }

  /** One VIP of each address family, with reals. */
  async addVips(server = SERVER): Promise<void> {
    await this.addVip(VIP4, REALS4, server);
    await this.addVip(VIP6, REALS6, server);
  }

  override slots(): Readonly<Record<number, number>> {
    return this.#shared ? filledSlots(this.#map('dump')) : {};
  }

  /** Takes whatever program there is off the interface. */
  detach(): void {
    this.host.ip(`link set dev ${DEVICE} xdp off`);
  }

  /** Puts somebody else's program onto the interface; with `-force` in the place of what is there. */
  attachForeign(force = ''): void {
    this.host.ip(`${force} link set dev ${DEVICE} xdp obj ${realFile('xdp_pass.o')} sec xdp`.trim());
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

  /** Fulfilled when no katran runs any more. */
  async katransEnd(timeoutMs = 20_000): Promise<void> {
    const until = performance.now() + timeoutMs;
    while (this.katrans().length > 0) {
      if (performance.now() > until) throw new Error(`still there: ${JSON.stringify(this.katrans())}`);
      await sleep(20);
    }
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
        processes: this.processes().map(({ argv }) => argv.join(' ')),
        attached: this.#shared ? null : this.attached(),
        slots: this.slots(),
        programs: [...this.#programs].filter(loaded),
      };
      if (performance.now() > until || JSON.stringify(left) === JSON.stringify(NOTHING)) return left;
      await sleep(100);
    }
  }

  override processes(): SeenProcess[] {
    return super.processes().filter(({ pid }) => pid !== this.#room.pid);
  }

  /** Throws when the kernel still has a program of a katran that ran here. */
  override async remove(): Promise<void> {
    await this.quiet();
    const closed = once(this.#room, 'close');
    this.#room.stdin?.end('done\n');
    await closed;
    // With the last process go the bpffs and its pins, with the namespaces their devices, and with both the programs.
    await super.remove();
    for (let waited = 0; [...this.#programs].some(loaded); waited += 100) {
      if (waited > LEFT_OVER_LIMIT_MS)
        throw new Error(`programs that nobody should hold are loaded: ${[...this.#programs].join(', ')}`);
      await sleep(100);
    }
  }
}
