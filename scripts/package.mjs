// `npm run package`: dist/packages with a .deb and the plain binary for each architecture, the npm tarball, a bill of materials for
// each, and checksums. With an architecture as the argument, that one only.
import fs from 'node:fs';
import path from 'node:path';
import { packBinary } from './package/binary.mjs';
import { packDeb } from './package/deb.mjs';
import { packNpm } from './package/npm.mjs';
import {
  ARCHITECTURES,
  at,
  fail,
  latestRelease,
  manifest,
  output,
  published,
  repository,
  run,
} from './package/project.mjs';
import { writeChecksums, writeSbom } from './package/sbom.mjs';

for (const artifact of ['start-katran', 'start-katran.cjs']) {
  if (!fs.existsSync(at('dist', `${artifact}.packages.json`)))
    fail(`dist/${artifact} is not built; run 'npm run build' first`);
}
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(ARCHITECTURES);
const unknown = wanted.find((name) => !(name in ARCHITECTURES));
if (unknown !== undefined)
  fail(`there is no architecture ${unknown}, only ${Object.keys(ARCHITECTURES).join(', ')}`);
if (wanted.includes('arm64')) run([process.execPath, at('scripts/prepare.mjs'), 'arm64']);
if (repository() === undefined) {
  process.stderr.write(
    'no repository, issues and homepage are in the packages: START_KATRAN_REPOSITORY=https://… names the repository\n',
  );
}
fs.mkdirSync(output, { recursive: true });

const { version } = latestRelease();
const withBill = (file, about) => [file, writeSbom(file, about)];
const files = [
  ...wanted.flatMap((architecture) => {
    const { artifact } = ARCHITECTURES[architecture];
    const about = { artifact, architecture };
    return [
      ...withBill(packDeb(architecture), {
        ...about,
        purl: `pkg:deb/start-katran@${version}-1?arch=${architecture}`,
      }),
      ...withBill(packBinary(architecture), {
        ...about,
        purl: `pkg:generic/start-katran@${version}?arch=${architecture}`,
      }),
    ];
  }),
  ...withBill(packNpm(), { artifact: 'start-katran.cjs', purl: `pkg:npm/${manifest.name}@${version}` }),
];
writeChecksums(output, files);
fs.rmSync(published, { recursive: true, force: true });
fs.renameSync(output, published);
for (const name of fs.readdirSync(published)) {
  const size = fs.statSync(path.join(published, name)).size / 2 ** 20;
  process.stdout.write(
    `${size.toFixed(1).padStart(6)} MiB  ${path.relative(at(), path.join(published, name))}\n`,
  );
}
