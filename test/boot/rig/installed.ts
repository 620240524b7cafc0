import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildKatranDouble } from '../../support/katran-double/build.mjs';
import { makeStage } from '../../support/katran-double/index.ts';
import { builtPackages } from '../../packaging/built-packages.ts';
import type { Machine } from './boot.ts';
import { until } from './units.ts';

/** Where the guest has its katran, whichever it is. */
export const KATRAN = '/usr/lib/katran/katran_server_grpc';
export const OBJECT = '/usr/lib/katran/balancer.bpf.o';
/** What the double notes, one line of JSON an event. */
export const DOUBLE_JOURNAL = '/run/katran-double.journal';

/** Folder of a real katran, if there is one to try. */
export const REAL = process.env.START_KATRAN_REAL ?? '';

/** Puts the package, a later version of it, the double and the real katran where the guest can take them. */
export async function givePrograms(machine: Machine): Promise<void> {
  const { deb } = await builtPackages();
  machine.give(deb, 'start-katran.deb');
  laterVersion(deb, join(machine.share, 'start-katran-later.deb'));
  machine.give(buildKatranDouble(), 'katran-double');
  const stage = makeStage();
  machine.give(stage.bpfObject, 'double.bpf.o');
  stage.remove();
  if (REAL === '') return;
  machine.give(join(REAL, 'katran_server_grpc'), 'katran-real');
  machine.give(join(REAL, 'balancer.bpf.o'), 'real.bpf.o');
  for (const name of ['xdproot', 'xdp_root.o', 'healthchecking_ipip.o']) machine.give(join(REAL, name), name);
}

/** The same package with a higher version; not compressed, because that costs half a minute in the guest. */
function laterVersion(deb: string, target: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'start-katran-later-'));
  try {
    const tree = join(folder, 'tree');
    execFileSync('dpkg-deb', ['-R', deb, tree]);
    const control = join(tree, 'DEBIAN/control');
    writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, 'Version: 99.0-1'));
    execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '-b', tree, target], { stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes `which` a katran of the guest's. */
export const installKatran = (
  machine: Machine,
  which: 'double' | 'real',
  { binary, object } = { binary: KATRAN, object: OBJECT },
): Promise<string> =>
  machine.ok(
    `mkdir -p ${dirname(binary)}
     install -m755 /share/katran-${which} ${binary}.new && mv ${binary}.new ${binary}
     cp /share/${which}.bpf.o ${object}`,
  );

/** Writes a flag file of the guest. */
export async function writeFlags(machine: Machine, lines: readonly string[], file = 'flags'): Promise<void> {
  await machine.ok(
    `mkdir -p /etc/start-katran && cat > /etc/start-katran/${file} <<'FLAGS'\n${lines.join('\n')}\nFLAGS`,
  );
}

/** Where the unit keeps katran's services, as docs/shared-mode.md has it. */
export const SERVICES_FILE = '/var/lib/start-katran/services.json';

/** What is sent to, in the facts that are about packets and services. */
export const VIP = { address: '10.200.1.1', port: 80, protocol: 'udp' } as const;

/** Gives the running katran a VIP with a real, and waits until the unit has kept it. */
export async function giveVip(machine: Machine): Promise<void> {
  const vip = { ...VIP, flags: [], reals: [{ address: '10.0.0.1', weight: 10, flags: [] }] };
  await machine.ok(
    `start-katran services restore - <<'SERVICES'\n${JSON.stringify({ version: 1, vips: [vip] })}\nSERVICES`,
  );
  await until(machine, `grep -q '${VIP.address}' ${SERVICES_FILE}`);
}

/** What every launch here needs. */
export const FLAGS = [
  'intf=eth0',
  'affinitize',
  `binary=${KATRAN}`,
  `balancer_bpf=${OBJECT}`,
  'lru_size=1000',
  // The CPUs are emulated, and the machine has other work.
  'gateway_timeout=10000',
  'start_timeout=300000',
];

const KEPT_FLAGS = [`services=${SERVICES_FILE}`, 'keep_services'];

/** Standalone mode, with services that are kept. */
export const STANDALONE_FLAGS = [...FLAGS, ...KEPT_FLAGS];

/** Shared mode with handovers. */
export const SHARED_FLAGS = [...STANDALONE_FLAGS, 'map_path=/sys/fs/bpf/jmp_eth0', 'map_pos=1', 'handover'];
