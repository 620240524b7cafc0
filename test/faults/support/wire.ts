import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { type CallAnswer, KatranCalls } from '../../katran/rig/katran-calls.ts';
import { type AttachedProgram, attachedProgram } from '../../katran/rig/kernel-view.ts';
import { realFile, whyNoRealKatran } from '../../katran/rig/real-katran.ts';
import {
  attachPass,
  attachRoot,
  type BpfDirectory,
  makeBpfDirectory,
  type RootArray,
  whyNoBpf,
} from '../../support/katran-double/index.ts';
import {
  connect,
  makeNamespace,
  type Namespace,
  removeNamespace,
  whyNoNamespaces,
} from '../../support/netns.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import type { Fault } from './fault.ts';
import type { Scene } from './scene.ts';

/** Which katran the launcher starts: the double, with its real XDP, or the real server. */
export type Server = 'double' | 'real';

export const DEVICE = 'lb0';
export const ROUTER_MAC = '02:00:00:00:77:01';
const SERVER = '127.0.0.1:50051';
const ROUTER_DEVICE = 'gw0';

/** A load balancer and its router, of one scene alone: two network namespaces with a veth pair, and a bpffs. */
export class Wire {
  readonly host = makeNamespace('fault-lb');
  readonly #router: Namespace = makeNamespace('fault-gw');
  readonly #directory: BpfDirectory = makeBpfDirectory();
  #calls: KatranCalls | undefined;
  #root: RootArray | undefined;

  constructor() {
    this.link();
  }

  /** Joins the two, as at the beginning; for an interface that was taken away. */
  link(): void {
    connect(
      { namespace: this.host, device: DEVICE, addresses: ['10.77.0.2/24'] },
      {
        namespace: this.#router,
        device: ROUTER_DEVICE,
        addresses: ['10.77.0.1/24'],
        mac: ROUTER_MAC,
      },
    );
    this.host.ip('route replace default via 10.77.0.1');
  }

  /** The words that put a program onto the load balancer. */
  get within(): string[] {
    return ['ip', 'netns', 'exec', this.host.name];
  }

  /** What is on the load balancer's interface. */
  get attached(): AttachedProgram | null {
    return attachedProgram(this.host.ip(`-j -d link show dev ${DEVICE}`));
  }

  /** Puts the program of somebody else in the place of what is there, in one step. */
  replaceProgram(): void {
    attachPass(this.#router, ROUTER_DEVICE, this.#directory);
    const other = attachedProgram(this.#router.ip(`-j -d link show dev ${ROUTER_DEVICE}`));
    this.host.run(
      ...(['bpftool', 'net', 'attach', 'xdp', 'id', String(other?.id), 'dev', DEVICE, 'overwrite'] as const),
    );
  }

  /** Attaches the root program: katran is to be started in shared mode. */
  share(): void {
    this.#root = attachRoot(this.host, DEVICE, this.#directory);
  }

  /** The root array of shared mode. */
  get root(): RootArray {
    if (this.#root === undefined) throw new Error('this scene is not of shared mode');
    return this.#root;
  }

  /** A call by another client than the launcher. */
  call(method: string, request: object): Promise<CallAnswer> {
    this.#calls ??= new KatranCalls(this.within);
    return this.#calls.call(SERVER, method, request);
  }

  async remove(): Promise<void> {
    await this.#calls?.close();
    this.#directory.remove();
    removeNamespace(this.host);
    removeNamespace(this.#router);
  }
}

const wires = new WeakMap<Scene, Wire>();

export function wireOf(scene: Scene): Wire {
  const wire = wires.get(scene);
  if (wire === undefined) throw new Error('this scene has no wire');
  return wire;
}

/** The script of the scene that is -binary. It notes that it was started: katran may be ended before it can note that itself. */
function scriptFor(scene: Scene, start: string): string {
  const file = scene.file('katran_server_grpc');
  const note = `echo '{"event":"start","time":0,"pid":'$$'}' >>"$KATRAN_DOUBLE_JOURNAL"`;
  fs.writeFileSync(file, `#!/bin/sh\n${note}\n${start}\n`, { mode: 0o755 });
  return file;
}

export interface WireFault extends Omit<Fault, 'flags' | 'options' | 'before' | 'double' | 'skippedBecause'> {
  readonly flags?: readonly string[];
  /** Katran is in slot 1 of a root array. */
  readonly isShared?: boolean;
  /** How -binary starts katran: a line of sh, with katran in $KATRAN; `exec` unless said. */
  readonly start?: string;
}

function whyNoWire(server: Server): string | undefined {
  if (server === 'real') return whyNoRealKatran() ?? whyNoBpf();
  const tool = ['setsid'].find((name) => spawnSync(name, ['--version']).error !== undefined);
  return whyNoNamespaces() ?? whyNoBpf() ?? (tool === undefined ? undefined : `needs ${tool}`);
}

/** A fault of a whole launch on a wire of its own, with the kernel of this machine. */
export function onWire(
  server: Server,
  { flags = [], isShared = false, start = 'exec "$KATRAN" "$@"', ...fault }: WireFault,
): Fault {
  let reason: string | undefined | null = null;
  return {
    ...fault,
    // BPF programs are loaded, and the kernel frees those of other scenes at the same time.
    waitsMs: PATIENCE_MS,
    double: { REAL_XDP: 1, INTERFACES: '' },
    skippedBecause: () => (reason === null ? (reason = whyNoWire(server)) : reason),
    before: (scene) => {
      const wire = new Wire();
      wires.set(scene, wire);
      scene.onRelease(() => wire.remove());
      if (isShared) wire.share();
    },
    flags: (scene) => {
      const double = scene.staged.flags[scene.staged.flags.indexOf('-binary') + 1] ?? '';
      const katran = server === 'real' ? realFile('katran_server_grpc') : double;
      const binary = scriptFor(scene, `KATRAN='${katran}'\n${start}`);
      return [
        ['-sysroot', '/', '-intf', DEVICE, '-server', SERVER, '-binary', binary],
        ['-forwarding_cores', '0', '-lru_size', '1000', '-shutdown_delay', '100'],
        server === 'real' ? ['-balancer_bpf', realFile('balancer.bpf.o')] : [],
        isShared ? ['-map_path', wireOf(scene).root.path, '-map_pos', '1'] : [],
        flags,
      ].flat();
    },
    options: (scene) => ({ within: wireOf(scene).within }),
  };
}
