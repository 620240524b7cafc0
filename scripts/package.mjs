// `npm run package`: dist/packages with the .deb, the npm tarball, a bill of materials for each, and checksums.
import fs from 'node:fs';
import path from 'node:path';
import { packDeb } from './package/deb.mjs';
import { packNpm } from './package/npm.mjs';
import { at, fail, latestRelease, manifest, output, published } from './package/project.mjs';
import { writeChecksums, writeSbom } from './package/sbom.mjs';

for (const artifact of ['start-katran', 'start-katran.cjs']) {
  if (!fs.existsSync(at('dist', artifact))) fail(`dist/${artifact} is not built; run 'npm run build' first`);
}
fs.mkdirSync(output, { recursive: true });

const { version } = latestRelease();
const deb = packDeb();
const tarball = packNpm();
const files = [
  deb,
  writeSbom(deb, { purl: `pkg:deb/start-katran@${version}-1?arch=amd64`, withRuntime: true }),
  tarball,
  writeSbom(tarball, { purl: `pkg:npm/${manifest.name}@${version}`, withRuntime: false }),
];
writeChecksums(output, files);
fs.rmSync(published, { recursive: true, force: true });
fs.renameSync(output, published);
for (const name of fs.readdirSync(published)) {
  const size = fs.statSync(path.join(published, name)).size / 2 ** 20;
  process.stdout.write(`${size.toFixed(1).padStart(6)} MiB  ${path.relative(at(), path.join(published, name))}
`);
}
