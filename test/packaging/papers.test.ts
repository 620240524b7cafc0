import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import lock from '../../package-lock.json';
import { RUNTIME_PARTS } from '../../scripts/package/runtime-parts.mjs';
import { PACKAGES, builtPackages, type Packages } from './built-packages.ts';

interface Component {
  readonly name: string;
  readonly version?: string;
  readonly components?: readonly Component[];
}
interface Bom {
  readonly metadata: { readonly component: { readonly hashes: readonly { readonly content: string }[] } };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}
const bom = (file: string): Bom => JSON.parse(fs.readFileSync(`${file}.cdx.json`, 'utf8')) as Bom;
const named = (file: string): string[] =>
  bom(file)
    .components.map(({ name, version }) => `${name}@${version ?? ''}`)
    .sort();

const installed = Object.entries(lock.packages)
  .filter(([folder, entry]) => folder !== '' && !('dev' in entry))
  .map(([folder, entry]) => `${folder.replace(/^.*node_modules\//, '')}@${entry.version}`)
  .sort();

let packages: Packages;
beforeAll(async () => {
  packages = await builtPackages();
});

describe('papers of the packages', () => {
  it('SHA256SUMS has the sums of every package and every bill', () => {
    const checked = execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: PACKAGES, encoding: 'utf8' });
    expect(checked.match(/: OK$/gm)).toHaveLength(10);
  });

  it('a bill names packages of which something is in the bundle, not all that npm installs', () => {
    const inside = named(packages.tarball);
    expect(installed).toEqual(expect.arrayContaining(inside));
    expect(inside.length).toBeLessThan(installed.length);
    for (const name of ['commander', 'valibot', 'pino'])
      expect(
        inside.some((entry) => entry.startsWith(`${name}@`)),
        name,
      ).toBe(true);
    // yargs is there for the command line of proto-loader, which nobody calls.
    expect(inside.filter((name) => name.startsWith('yargs'))).toEqual([]);
  });

  it('the bills of the packages with a runtime name it, with its parts', () => {
    const { deb, debArm64, binary, binaryArm64, tarball } = packages;
    for (const [file, name] of [
      [deb, '@oven/bun-linux-x64-baseline'],
      [binary, '@oven/bun-linux-x64-baseline'],
      [debArm64, '@oven/bun-linux-aarch64'],
      [binaryArm64, '@oven/bun-linux-aarch64'],
    ] as const) {
      const runtime = bom(file).components.find((component) => component.name === name);
      expect(runtime?.components?.map((part) => part.name)).toEqual(RUNTIME_PARTS.map((part) => part.name));
      expect(named(file)).toEqual([...named(tarball), `${name}@${runtime?.version ?? ''}`].sort());
    }
  });

  it('nothing on a bill depends on what is not on it', () => {
    for (const file of [packages.deb, packages.tarball]) {
      const { components, dependencies } = bom(file);
      const known = new Set(components.map(({ name, version }) => `${name}@${version ?? ''}`));
      expect(dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !known.has(ref))).toEqual([]);
    }
  });

  it('a bill is CycloneDX, and belongs to its package by its sum', () => {
    const files = [packages.deb, packages.debArm64, packages.tarball, packages.binary, packages.binaryArm64];
    for (const file of files) {
      const [sum] = execFileSync('sha256sum', [file], { encoding: 'utf8' }).split(' ');
      expect(bom(file)).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' });
      expect(bom(file).metadata.component.hashes[0]?.content).toBe(sum);
    }
  });
});

describe('licences', () => {
  it.each(['deb', 'debArm64'] as const)(
    'of the runtime and of every npm package are texts in the %s',
    (key) => {
      const text = gunzipSync(
        execFileSync(
          'sh',
          [
            '-c',
            'dpkg-deb --fsys-tarfile "$1" | tar xO ./usr/share/doc/start-katran/third-party-licenses.gz',
            'sh',
            packages[key],
          ],
          { maxBuffer: 64 << 20 },
        ),
      ).toString();
      expect(text).toContain('GNU LIBRARY GENERAL PUBLIC LICENSE');
      expect(text).toContain('The OpenSSL Project');
      expect(text).toContain('Apache License');
      for (const { name, texts } of RUNTIME_PARTS) {
        expect(text).toContain(`  ${name}: `);
        for (const own of texts) expect(text).toContain(`\n\n${own}\n\n`);
      }
      for (const author of ['Cloudflare, Inc.', 'LiteSpeed Technologies Inc', 'The Chromium Authors'])
        expect(text).toContain(author);
      for (const name of named(packages.tarball)) expect(text).toContain(`${name.replace(/(.)@/, '$1 ')} (`);
    },
  );

  it('the plain binary comes with them', () => {
    const files = execFileSync('tar', ['-tzf', packages.binary], { encoding: 'utf8' });
    expect(files.split('\n').map((file) => path.basename(file))).toEqual(
      expect.arrayContaining(['start-katran', 'LICENSE', 'THIRD-PARTY-LICENSES']),
    );
  });
});
