import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const HERE = import.meta.dirname;
const CACHE = join(HERE, '../../../.cache/boot');

/** A Debian that boots: its disk, which nobody writes to, its kernel and initial RAM disk. */
export interface Image {
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
}

/** The image, built when there is none of the recipe of now; images of earlier recipes are removed then. */
export function bootImage(): Image {
  const name = recipeHash();
  const folder = join(CACHE, name);
  if (!existsSync(folder)) {
    mkdirSync(CACHE, { recursive: true });
    for (const old of readdirSync(CACHE)) rmSync(join(CACHE, old), { recursive: true, force: true });
    // Made aside and renamed: half an image must not look like one.
    const scratch = mkdtempSync(join(CACHE, 'building-'));
    execFileSync(join(HERE, 'build-image.sh'), [scratch], { stdio: ['ignore', 'ignore', 'inherit'] });
    renameSync(scratch, folder);
  }
  return {
    disk: join(folder, 'disk.raw'),
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd.img'),
  };
}

function recipeHash(): string {
  const hash = createHash('sha256');
  const guest = join(HERE, 'guest');
  const files = [HERE, guest].flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.ts'))
      .map((entry) => join(folder, entry.name))
      .sort(),
  );
  for (const file of files) hash.update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 16);
}
