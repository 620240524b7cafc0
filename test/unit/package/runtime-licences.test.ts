import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import arm64 from '../../../packaging/arm64/package-lock.json';
import lock from '../../../package-lock.json';
import { OF_OTHER_SYSTEMS, RUNTIME_PARTS } from '../../../scripts/package/runtime-parts.mjs';

const folder = new URL('../../../packaging/runtime-licences/', import.meta.url);
const statement = fs.readFileSync(new URL('bun.md', folder), 'utf8');
const runtime = lock.packages['node_modules/@oven/bun-linux-x64-baseline'].version;

describe('licences of the runtime', () => {
  it('the statement is the one of the version that is inside', () => {
    expect(statement).toContain(`bun-types ${runtime}`);
  });

  it('both architectures have the same version', () => {
    expect(arm64.packages['node_modules/@oven/bun-linux-aarch64'].version).toBe(runtime);
  });

  const [, table = ''] = /## Linked libraries([\s\S]*?)## Polyfills/.exec(statement) ?? [];
  const libraries = [...table.matchAll(/^\| [^[\n]*\[`?([^`\]]+)`?\]/gm)].map(([, name = '']) => name);

  it('the statement names libraries', () => {
    expect(libraries.length).toBeGreaterThan(20);
  });

  it.each(libraries)('%s of the statement is in the table of parts', (name) => {
    expect([...RUNTIME_PARTS.map((part) => part.name), ...OF_OTHER_SYSTEMS]).toContain(name);
  });

  it.each(RUNTIME_PARTS)('$name has a text', ({ texts }) => {
    expect(texts).not.toEqual([]);
    for (const text of texts) expect(fs.statSync(new URL(`${text}.txt`, folder)).size).toBeGreaterThan(500);
  });

  it('every text belongs to a part', () => {
    const texts = fs.readdirSync(fileURLToPath(folder)).filter((file) => file.endsWith('.txt'));
    expect(texts.sort()).toEqual(
      [...new Set(RUNTIME_PARTS.flatMap((part) => part.texts.map((text) => `${text}.txt`)))].sort(),
    );
  });
});
