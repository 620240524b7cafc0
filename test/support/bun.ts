import { createRequire } from 'node:module';
import path from 'node:path';

/** The runtime of the binary. */
export const BUN = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@oven/bun-linux-x64-baseline/package.json')),
  'bin/bun',
);
