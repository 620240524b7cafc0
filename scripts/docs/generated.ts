import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { doctorPage } from './doctor-page.ts';
import { flagFile } from './flag-file.ts';
import { flagsPage } from './flags-page.ts';
import { manPage } from './man-page.ts';
import { servicesSchema } from './services-schema.ts';

const home = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const read = (file: string): string => fs.readFileSync(path.join(home, file), 'utf8');

/** The newest entry of CHANGELOG.md: `## 0.1.0 (2026-11-22)`. */
export function latestRelease(changelog: string): { version: string; date: string } {
  const match = /^## (\S+) \((\d{4}-\d\d-\d\d)\)$/m.exec(changelog);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new Error('CHANGELOG.md has no heading of the form "## 0.1.0 (2026-11-22)"');
  }
  return { version: match[1], date: match[2] };
}

/** Every committed file that is made from a table in src, by its path. */
export function generatedFiles(): Readonly<Record<string, string>> {
  return {
    'docs/doctor.md': doctorPage(),
    'docs/flags.md': flagsPage(),
    'packaging/start-katran.8': manPage(
      read('packaging/start-katran.8.in'),
      latestRelease(read('CHANGELOG.md')),
    ),
    'packaging/flags': flagFile(),
    'packaging/services.schema.json': servicesSchema(),
  };
}

export { home, read };
