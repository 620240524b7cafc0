import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HERE = import.meta.dirname;
const CHECKOUT = join(HERE, '../../..');
const CACHE = join(CHECKOUT, '.cache/guest');

export interface Image {
  readonly kernel: string;
  readonly initrd: string;
}

/** What the guest boots from; made again only when the kernel package, init or the script that makes it changed. */
export function guestImage(): Image {
  const out = join(CACHE, 'image');
  const image = { kernel: join(out, 'vmlinux'), initrd: join(out, 'initrd') };
  const deb = kernelPackage();
  const script = join(HERE, 'build-image.sh');
  const init = join(HERE, 'init');
  const inputs = createHash('sha256')
    .update(`${deb} ${statSync(deb).size}`)
    .update(readFileSync(script))
    .update(readFileSync(init))
    .digest('hex');
  const stamp = join(out, 'made-from');
  const current = existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs;
  if (!current) {
    mkdirSync(out, { recursive: true });
    execFileSync(script, [deb, init, out], { stdio: ['ignore', 'inherit', 'inherit'] });
    writeFileSync(stamp, inputs);
  }
  return image;
}

function kernelPackage(): string {
  const found = existsSync(CACHE)
    ? readdirSync(CACHE).filter((name) => /^linux-image-.*\.deb$/.test(name))
    : [];
  const name = found.sort().at(-1);
  if (name === undefined) throw new Error('no kernel in .cache/guest: run test/guest/fetch-kernel.sh');
  return join(CACHE, name);
}
