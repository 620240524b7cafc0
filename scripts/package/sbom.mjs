// Software bills of materials (CycloneDX), by npm itself.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bundledPackages, fail, latestRelease, manifest, put, read, run, runtime } from './project.mjs';
import { RUNTIME_PARTS } from './runtime-parts.mjs';

const sha256 = (file) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');

/** The runtime, with what its makers say is linked into it; the versions of these parts are not said anywhere. */
function bunComponent(architecture) {
  const { name, version, license, homepage } = runtime(architecture);
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
    components: RUNTIME_PARTS.map(({ name: part, licence }) => ({
      'bom-ref': `${name}@${version}/${part}`,
      type: 'library',
      name: part,
      licenses: [{ license: { name: licence } }],
    })),
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

/** Leaves in a bill only what is in the artifact: npm names everything that is installed for the program. */
function keepOnly(bom, packages, root) {
  const inside = new Set(packages.map(({ name, version }) => `${name}@${version}`));
  const kept = ({ 'bom-ref': ref }) => inside.has(ref);
  bom.components = bom.components.filter(kept);
  bom.dependencies = bom.dependencies
    .filter(({ ref }) => ref === root || inside.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => inside.has(other)) }));
  if (bom.components.length !== inside.size) {
    const named = new Set(bom.components.map(({ 'bom-ref': ref }) => ref));
    fail(`npm sbom does not name ${[...inside].filter((ref) => !named.has(ref)).join(', ')}`);
  }
}

/** Writes PACKAGE.cdx.json beside a package; gives its path. */
export function writeSbom(file, { purl, artifact, architecture }) {
  const bom = npmSbom();
  const { component } = bom.metadata;
  keepOnly(bom, bundledPackages(artifact), component['bom-ref']);
  bom.metadata.timestamp = latestRelease().time.toISOString();
  bom.metadata.component = {
    ...component,
    type: 'application',
    name: manifest.name,
    purl,
    hashes: [{ alg: 'SHA-256', content: sha256(file) }],
  };
  if (architecture !== undefined) {
    const bun = bunComponent(architecture);
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
