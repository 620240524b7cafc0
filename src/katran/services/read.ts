import { KatranCallError } from '../call-error.ts';
import type { ServiceCalls } from './calls.ts';
import { canonicalAddress, ordered } from './order.ts';
import type { Real, Services, Vip, VipKey } from './types.ts';

/** Reading takes katran about a millisecond a call; more under way at once would only wait there. */
const AT_ONCE = 8;
const READ_DEADLINE_MS = 10_000;
/** What getVipFlags says of a VIP that is not there: it was deleted between two calls. */
const NO_SUCH_VIP = 2n ** 64n - 1n;

type ReadCalls = Pick<
  ServiceCalls,
  'getAllVips' | 'getVipFlags' | 'getRealsForVip' | 'getQuicRealsMapping' | 'getHealthcheckersDst'
>;

/** Does the work for each entry, so many at once; results in the order of the entries. */
async function each<T, R>(entries: readonly T[], work: (entry: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = entries.entries();
  const worker = async (): Promise<void> => {
    for (const [index, entry] of rest) results[index] = await work(entry);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

const refused = (error: unknown): boolean => error instanceof KatranCallError && error.code === 'CANCELLED';

async function readVip(calls: ReadCalls, key: VipKey): Promise<Vip[]> {
  let reals: readonly Real[];
  try {
    reals = await calls.getRealsForVip(key, READ_DEADLINE_MS);
  } catch (error) {
    if (refused(error)) return [];
    throw error;
  }
  const flags = await calls.getVipFlags(key, READ_DEADLINE_MS);
  if (flags === NO_SUCH_VIP) return [];
  const address = canonicalAddress(key.address) ?? key.address;
  const spelling = address === key.address ? {} : { spelling: key.address };
  return [{ ...key, address, ...spelling, flags: Number(flags), reals }];
}

/**
 * Everything the katran has, in the one order. A katran that was started without
 * healthchecking refuses to tell healthchecks: it has none. Throws KatranCallError.
 */
export async function readServices(calls: ReadCalls): Promise<Services> {
  const keys = await calls.getAllVips(READ_DEADLINE_MS);
  const vips = (await each(keys, (key) => readVip(calls, key))).flat();
  const quic = await calls.getQuicRealsMapping(READ_DEADLINE_MS);
  const healthchecks = await calls.getHealthcheckersDst(READ_DEADLINE_MS).catch((error: unknown) => {
    if (refused(error)) return [];
    throw error;
  });
  return ordered({ vips, quic, healthchecks });
}
