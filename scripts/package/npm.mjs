// The npm package: the bundle and its papers, nothing to install beside it.
import fs from 'node:fs';
import path from 'node:path';
import { thirdPartyLicences } from './licences.mjs';
import { at, manifest, output, put, read, run } from './project.mjs';

/** The project's package.json without what only its development needs: the bundle holds every dependency. */
export function publishedManifest() {
  const { name, version, description, license, bin, engines, os, keywords, homepage, repository } = manifest;
  return {
    name,
    version,
    description,
    ...(keywords === undefined ? {} : { keywords }),
    ...(homepage === undefined ? {} : { homepage }),
    ...(repository === undefined ? {} : { repository }),
    license,
    bin,
    files: [...manifest.files, 'THIRD-PARTY-LICENSES'],
    engines,
    os,
  };
}

/** Stages dist/npm and packs it. Gives the tarball's path. */
export function packNpm() {
  const stage = at('dist/npm');
  fs.rmSync(stage, { recursive: true, force: true });
  put(path.join(stage, 'package.json'), `${JSON.stringify(publishedManifest(), null, 2)}\n`);
  put(path.join(stage, 'dist/start-katran.cjs'), fs.readFileSync(at('dist/start-katran.cjs')), 0o755);
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) put(path.join(stage, file), read(file));
  put(path.join(stage, 'THIRD-PARTY-LICENSES'), thirdPartyLicences({ withRuntime: false }));
  const [packed] = JSON.parse(
    run(['npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', output], { cwd: stage }),
  );
  return path.join(output, packed.filename);
}
