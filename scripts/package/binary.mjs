// The binary by itself, with its papers, for hosts without dpkg: start-katran-VERSION-linux-ARCHITECTURE.tar.gz.
import fs from 'node:fs';
import path from 'node:path';
import { thirdPartyLicences } from './licences.mjs';
import { ARCHITECTURES, at, latestRelease, output, put, read, run } from './project.mjs';

/** Stages dist/binary-ARCHITECTURE and packs it. Gives the archive's path. */
export function packBinary(architecture) {
  const { version, time } = latestRelease();
  const { artifact } = ARCHITECTURES[architecture];
  const stage = at(`dist/binary-${architecture}`);
  const top = `start-katran-${version}`;
  const inside = (file) => path.join(stage, top, file);
  fs.rmSync(stage, { recursive: true, force: true });
  put(inside('start-katran'), fs.readFileSync(at('dist', artifact)), 0o755);
  put(inside('start-katran.8'), read('packaging/start-katran.8'));
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) put(inside(file), read(file));
  put(inside('THIRD-PARTY-LICENSES'), thirdPartyLicences({ artifact, architecture }));
  run(['chmod', '-R', 'go=rX', stage]);
  const target = path.join(output, `start-katran-${version}-linux-${architecture}.tar.gz`);
  const sameAlways = [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    `--mtime=@${time.getTime() / 1000}`,
  ];
  // -1: a runtime becomes hardly smaller by more. n: no name, no time.
  run(['tar', '-C', stage, ...sameAlways, '--use-compress-program=gzip -1n', '-cf', target, top]);
  return target;
}
