import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildKatranDouble } from '../../support/katran-double/build.mjs';
import { makeStage } from '../../support/katran-double/index.ts';
import { builtPackages } from '../../packaging/built-packages.ts';
import type { Machine } from './boot.ts';

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

/** Makes `which` the guest's katran. */
export const installKatran = (machine: Machine, which: 'double' | 'real'): Promise<string> =>
  machine.ok(
    `mkdir -p /usr/lib/katran
     install -m755 /share/katran-${which} ${KATRAN}.new && mv ${KATRAN}.new ${KATRAN}
     cp /share/${which}.bpf.o ${OBJECT}`,
  );

/** Writes a flag file of the guest. */
export async function writeFlags(machine: Machine, lines: readonly string[], file = 'flags'): Promise<void> {
  await machine.ok(
    `mkdir -p /etc/start-katran && cat > /etc/start-katran/${file} <<'FLAGS'\n${lines.join('\n')}\nFLAGS`,
  );
}

/** What every launch here needs. */
export const FLAGS = [
  'intf=eth0',
  'affinitize',
  `binary=${KATRAN}`,
  `balancer_bpf=${OBJECT}`,
  'lru_size=1000',
];
