// The npm package: the bundle and its papers, nothing to install beside it.
import fs from 'node:fs';
import path from 'node:path';
import { thirdPartyLicences } from './licences.mjs';
import { at, manifest, output, put, read, repository, run } from './project.mjs';

const PAPERS = ['README.md', 'LICENSE', 'CHANGELOG.md'];

/**
 * The project's package.json without what only its development needs: the bundle holds every dependency. The project's own
 * says `private`, so that nothing but this can be published.
 */
export function publishedManifest(environment = process.env) {
  const { name, version, description, license, bin, engines, os, keywords } = manifest;
  const place = repository(environment);
  return {
    name,
    version,
    description,
    keywords,
    ...(place === undefined
      ? {}
      : {
          homepage: `${place.url}#readme`,
          repository: { type: 'git', url: `git+${place.git}` },
          bugs: { url: place.issues },
        }),
    license,
    bin,
    man: ['start-katran.8'],
    files: [
      'dist/start-katran.cjs',
      'dist/start-katran-main.cjs',
      'start-katran.8',
      'services.schema.json',
      ...PAPERS,
      'THIRD-PARTY-LICENSES',
    ],
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
  put(path.join(stage, 'dist/start-katran-main.cjs'), fs.readFileSync(at('dist/start-katran-main.cjs')));
  for (const file of PAPERS) put(path.join(stage, file), read(file));
  for (const file of ['start-katran.8', 'services.schema.json']) {
    put(path.join(stage, file), read(`packaging/${file}`));
  }
  put(path.join(stage, 'THIRD-PARTY-LICENSES'), thirdPartyLicences({ artifact: 'start-katran.cjs' }));
  const [packed] = JSON.parse(
    run(['npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', output], { cwd: stage }),
  );
  return path.join(output, packed.filename);
}
