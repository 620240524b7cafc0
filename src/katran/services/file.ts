import fs from 'node:fs';
import os from 'node:os';
import { errnoOf, Failure, messageOf } from '../../failure.ts';
import { replaceFile } from '../../linux/atomic-file.ts';
import { withRegularFile } from '../../linux/regular-file.ts';
import { formatServices, parseServices } from './document.ts';
import { ordered } from './order.ts';
import type { Services } from './types.ts';

/** 512 VIPs with 4,096 reals each would be longer; what katran can hold is a hundredth of it. */
const LARGEST_BYTES = 64 * 1024 * 1024;

/** Whether root may act on what the file says: nobody else can have written it. */
function ownerTrouble({ uid, mode }: fs.Stats): string | undefined {
  const own = uid === 0 || uid === os.userInfo().uid;
  if (!own) return `it belongs to user ${uid}, who could change all of the site's traffic: chown it to root`;
  if ((mode & 0o022) !== 0) return 'others may write it, and with it change all of the traffic: chmod go-w';
  return undefined;
}

function textOf(file: string): string {
  const text = withRegularFile(file, (descriptor, stats) => {
    const trouble = ownerTrouble(stats);
    if (trouble !== undefined) throw new Failure(`cannot use ${file}: ${trouble}`);
    if (stats.size > LARGEST_BYTES)
      throw new Failure(`cannot use ${file}: it has ${stats.size} bytes, and no services need that`);
    return fs.readFileSync(descriptor, 'utf8');
  });
  if (text === undefined) throw new Failure(`cannot use ${file}: it is no regular file`);
  return text;
}

/**
 * The services in a file, undefined when there is no such file. Throws Failure for a file that cannot be read or understood, that is a
 * symbolic link or no regular file, or that somebody else can write: root does what it says.
 */
export function readServicesFile(file: string): Services | undefined {
  let text: string;
  try {
    text = textOf(file);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = errnoOf(error);
    if (code === 'ENOENT') return undefined;
    const why = code === 'ELOOP' ? 'it is a symbolic link; name the file itself' : messageOf(error);
    throw new Failure(`cannot read the services in ${file}: ${why}`);
  }
  return parseServices(text, file);
}

/**
 * Many releases of katran do not tell the flags of reals, and say 0: then those that the file had stay. One that tells any of them
 * tells them all.
 */
export function withFlagsOf(services: Services, earlier: Services | undefined): Services {
  const told = services.vips.some(({ reals }) => reals.some(({ flags }) => flags !== 0));
  if (earlier === undefined || told) return services;
  const flags = new Map(earlier.vips.flatMap(({ reals }) => reals).map((real) => [real.address, real.flags]));
  return {
    ...services,
    vips: services.vips.map((vip) => ({
      ...vip,
      reals: vip.reals.map((real) => ({ ...real, flags: flags.get(real.address) ?? real.flags })),
    })),
  };
}

/** Writes the services to a file of mode 0600, in one step. Throws Failure; the old file is then as it was. */
export function writeServicesFile(file: string, services: Services): void {
  replaceFile(file, formatServices(ordered(services)), 0o600);
}
