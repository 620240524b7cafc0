import { spawnSync } from 'node:child_process';
import { realFile, whyNoRealKatran } from '../../katran/rig/real-katran.ts';
import {
  attachPass,
  attachRoot,
  makeBpfDirectory,
  type RootArray,
  whyNoBpf,
} from '../../support/katran-double/index.ts';
import { attachedProgram } from '../../support/kernel-view.ts';
import { whyNoNamespaces } from '../../support/netns.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { writeScript } from '../../support/shell-script.ts';
import { DEVICE, ROUTER_DEVICE, SERVER, Wire } from '../../support/wire.ts';
import type { Fault } from './fault.ts';
import type { Scene } from './scene.ts';

/** Which katran the launcher starts: the double, with its real XDP, or the real server. */
export type Server = 'double' | 'real';

/** The wire of one scene alone, and a bpffs. */
class SceneWire extends Wire {
  readonly #directory = makeBpfDirectory();
  #root: RootArray | undefined;

  /** Puts the program of somebody else in the place of what is there, in one step. */
  replaceProgram(): void {
    attachPass(this.router, ROUTER_DEVICE, this.#directory);
    const other = attachedProgram(this.router.ip(`-j -d link show dev ${ROUTER_DEVICE}`));
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

  override async remove(): Promise<void> {
    this.#directory.remove();
    await super.remove();
  }
}

const wires = new WeakMap<Scene, SceneWire>();

export function wireOf(scene: Scene): SceneWire {
  const wire = wires.get(scene);
  if (wire === undefined) throw new Error('this scene has no wire');
  return wire;
}

/** The script of the scene that is -binary. It notes that it was started: katran may be ended before it can note that itself. */
function scriptFor(scene: Scene, start: string): string {
  const file = scene.file('katran_server_grpc');
  const note = `echo '{"event":"start","time":0,"pid":'$$'}' >>"$KATRAN_DOUBLE_JOURNAL"`;
  writeScript(file, `${note}\n${start}`);
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
      const wire = new SceneWire();
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
