import { ordered } from '../../../src/katran/services/order.ts';
import type { Services, Vip } from '../../../src/katran/services/types.ts';

const UDP = 17;
/** Of all VIPs together; the stock BPF object has room for 4,095. */
const DIFFERENT_REALS = 4000;

/** So many IPv4 VIPs with so many reals each, and these. */
export function manyServices(count: number, reals: number, more: readonly Vip[] = []): Services {
  const at = (prefix: string, index: number): string =>
    `${prefix}.${Math.floor(index / 250)}.${(index % 250) + 1}`;
  const vips = Array.from({ length: count }, (_vip, vip) => ({
    address: at('10.201', vip),
    port: 80,
    protocol: UDP,
    flags: 0,
    reals: Array.from({ length: reals }, (_real, index) => ({
      address: at('10.8', (vip * reals + index) % DIFFERENT_REALS),
      weight: 10,
      flags: 0,
    })),
  }));
  return ordered({ vips: [...vips, ...more], quic: [], healthchecks: [] });
}
