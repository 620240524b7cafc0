import { KatranCallError } from '../call-error.ts';
import { each } from './at-once.ts';
import type { ServiceCalls } from './calls.ts';
import { canonicalAddress, ordered } from './order.ts';
import type { Real, Services, Vip, VipKey } from './types.ts';

const READ_DEADLINE_MS = 10_000;
/** What getVipFlags says of a VIP that is not there: it was deleted between two calls. */
const NO_SUCH_VIP = 2n ** 64n - 1n;

type ReadCalls = Pick<
  ServiceCalls,
  'getAllVips' | 'getVipFlags' | 'getRealsForVip' | 'getQuicRealsMapping' | 'getHealthcheckersDst'
>;

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
