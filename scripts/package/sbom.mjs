// Software bills of materials (CycloneDX), by npm itself.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { latestRelease, manifest, put, read, run, runtime } from './project.mjs';

const sha256 = (file) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');

function bunComponent() {
  const { name, version, license, homepage } = runtime();
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return {
    'bom-ref': `${name}@${version}`,
    type: 'platform',
    name,
    version,
    description: 'Bun, the JavaScript runtime inside the binary',
    purl,
    licenses: [{ license: { id: license } }],
    externalReferences: [{ type: 'website', url: homepage }],
  };
}

/**
 * What npm says of the project without its development: `--omit dev` alone also leaves out what development and the
 * program share, so npm gets a lock file without the rest.
 */
function npmSbom() {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'start-katran-sbom-'));
  try {
    const { devDependencies: _dev, scripts: _scripts, ...project } = manifest;
    const lock = JSON.parse(read('package-lock.json'));
    const { devDependencies: _lockDev, ...root } = lock.packages[''];
    const kept = Object.entries(lock.packages).filter(([folder, { dev }]) => folder !== '' && !dev);
    const packages = Object.fromEntries([['', root], ...kept]);
    put(path.join(scratch, 'package.json'), JSON.stringify(project));
    put(path.join(scratch, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
    const words = ['npm', 'sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
    return JSON.parse(run(words, { cwd: scratch }));
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** Writes PACKAGE.cdx.json beside a package; gives its path. */
export function writeSbom(file, { purl, withRuntime }) {
  const bom = npmSbom();
  const { component } = bom.metadata;
  bom.metadata.timestamp = latestRelease().time.toISOString();
  bom.metadata.component = {
    ...component,
    type: 'application',
    name: manifest.name,
    purl,
    hashes: [{ alg: 'SHA-256', content: sha256(file) }],
  };
  if (withRuntime) {
    const bun = bunComponent();
    bom.components.push(bun);
    bom.dependencies.find(({ ref }) => ref === component['bom-ref']).dependsOn.push(bun['bom-ref']);
    bom.dependencies.push({ ref: bun['bom-ref'], dependsOn: [] });
  }
  // The same package has the same bill: a serial number made of its content.
  const hex = createHash('sha256')
    .update(JSON.stringify({ ...bom, serialNumber: '' }))
    .digest('hex');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  bom.serialNumber = `urn:uuid:${parts.join('-')}`;
  const target = `${file}.cdx.json`;
  fs.writeFileSync(target, `${JSON.stringify(bom, null, 2)}\n`);
  return target;
}

/** Writes SHA256SUMS over files of one folder, as sha256sum -c reads it. */
export function writeChecksums(folder, files) {
  const lines = files.map((file) => `${sha256(file)}  ${path.basename(file)}\n`);
  fs.writeFileSync(path.join(folder, 'SHA256SUMS'), lines.join(''));
}
