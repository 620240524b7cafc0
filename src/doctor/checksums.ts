import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { errnoOf, Failure, messageOf } from '../failure.ts';
import { findBinary } from '../katran/binary.ts';
import type { Host } from './host.ts';

/** Larger than any katran: what is longer is no katran, and a device has no end. */
const MOST_BYTES = 1024 ** 3;

async function checksum(file: string): Promise<string> {
  try {
    const { O_RDONLY, O_NONBLOCK } = fs.constants;
    const handle = await fs.promises.open(file, O_RDONLY | O_NONBLOCK);
    try {
      const { size, mtime } = await handle.stat().then((found) => {
        if (!found.isFile()) throw new Failure('not a regular file');
        return found;
      });
      if (size > MOST_BYTES) throw new Failure(`${size} bytes`);
      const hash = createHash('sha256');
      await pipeline(handle.createReadStream({ autoClose: false }), hash);
      return `${hash.digest('hex')}  ${file}  (${size} bytes, ${mtime.toISOString()})`;
    } finally {
      await handle.close();
    }
  } catch (error) {
    return `(${errnoOf(error) ?? messageOf(error)})  ${file}`;
  }
}

/** sha256, size and time of katran and of the BPF objects it is given: a maintainer sees which build it is. Throws Failure. */
export async function checksums({ options, searchPath }: Host): Promise<string> {
  const objects = [options.balancer_bpf, options.hc_bpf].filter((file) => file !== '');
  let binary: string;
  try {
    binary = await checksum(findBinary(options, searchPath));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    binary = `(${error.message})`;
  }
  return [binary, ...(await Promise.all(objects.map(checksum)))].join('\n');
}
