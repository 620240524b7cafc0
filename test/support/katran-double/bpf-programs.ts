import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filledSlots } from '../kernel-view.ts';
import type { Namespace } from '../netns.ts';

const sources = join(import.meta.dirname, 'bpf');
const objects = join(import.meta.dirname, '../../../dist/test/bpf');

export type BpfProgram = 'balancer' | 'healthcheck' | 'xdp_root' | 'xdp_pass';

/** Why real XDP cannot be used here, for the note of a skipped test; undefined where it can. */
export function whyNoBpf(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, to load BPF programs';
  const missing = ['clang', 'bpftool', 'ip'].find((tool) => spawnSync(tool, ['-V']).error !== undefined);
  return missing === undefined ? undefined : `needs ${missing}; see test/root/packages.txt`;
}

/** The path of a program's object file, compiled by clang when it is missing or older than its source. */
export function buildBpf(program: BpfProgram): string {
  const source = join(sources, `${program}.bpf.c`);
  const object = join(objects, `${program}.bpf.o`);
  if (existsSync(object) && statSync(object).mtimeMs > statSync(source).mtimeMs) return object;
  mkdirSync(objects, { recursive: true });
  const scratch = mkdtempSync(join(objects, '.build-'));
  try {
    const built = join(scratch, 'program.o');
    const headers = `-I/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
    execFileSync(
      'clang',
      ['-O2', '-g', '-Wall', '-Werror', '-target', 'bpf', headers, '-c', source, '-o', built],
      {
        stdio: 'pipe',
      },
    );
    renameSync(built, object);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return object;
}

/**
 * A bpffs of the test's own, outside of /sys, which `ip netns exec` mounts anew: programs of every namespace see it. All
 * that is pinned there goes with it.
 */
export interface BpfDirectory {
  readonly path: string;
  remove(): void;
}

export function makeBpfDirectory(): BpfDirectory {
  const path = mkdtempSync(join(tmpdir(), 'katran-double-bpf-'));
  execFileSync('mount', ['-t', 'bpf', 'bpf', path]);
  return {
    path,
    remove: () => {
      execFileSync('umount', ['-l', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Puts XDP_PASS on an interface: on the far end of a veth pair, so that what XDP sends back arrives there. */
export function attachPass(namespace: Namespace, device: string, directory: BpfDirectory): void {
  attach(namespace, device, directory, 'xdp_pass', []);
}

/** The root program's prog array of three slots, as `-map_path` names it. */
export interface RootArray {
  readonly path: string;
  /** The ids of the programs by slot; only the filled slots. */
  slots(): Readonly<Record<number, number>>;
  /** In one update of the map. */
  put(slot: number, programId: number): void;
  clear(slot: number): void;
}

/** Attaches the root program and pins its array, as katran's xdproot does. */
export function attachRoot(namespace: Namespace, device: string, directory: BpfDirectory): RootArray {
  attach(namespace, device, directory, 'xdp_root', ['pinmaps', directory.path]);
  const path = join(directory.path, `jmp_${device}`);
  renameSync(join(directory.path, 'root_array'), path);
  const bytes = (value: number): string[] => [0, 8, 16, 24].map((shift) => String((value >>> shift) & 255));
  const map = (verb: string, ...rest: string[]): string =>
    execFileSync('bpftool', ['-j', 'map', verb, 'pinned', path, ...rest], { encoding: 'utf8' });
  return {
    path,
    slots: () => filledSlots(map('dump')),
    put: (slot, id) => void map('update', 'key', ...bytes(slot), 'value', 'id', String(id)),
    clear: (slot) => void map('delete', 'key', ...bytes(slot)),
  };
}

function attach(
  namespace: Namespace,
  device: string,
  directory: BpfDirectory,
  program: BpfProgram,
  more: readonly string[],
): void {
  const pin = join(directory.path, `${namespace.name}-${device}`);
  execFileSync('bpftool', ['prog', 'load', buildBpf(program), pin, 'type', 'xdp', ...more], {
    stdio: 'pipe',
  });
  namespace.run('ip', 'link', 'set', 'dev', device, 'xdp', 'pinned', pin);
  rmSync(pin);
}
