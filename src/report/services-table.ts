import { flagNames, REAL_FLAGS, VIP_FLAGS } from '../katran/services/flags.ts';
import { vipName, type Services } from '../katran/services/types.ts';
import { table } from '../terminal/table.ts';

const flagsOf = (bits: number, known: Readonly<Record<string, number>>): string => {
  const names = flagNames(bits, known);
  return names.length === 0 ? '-' : names.join(' ');
};

/** The services for people, a real a line. Ends with a line feed. */
export function servicesTable({ vips, quic, healthchecks }: Services): string {
  const rows = vips.flatMap((vip) => {
    const first = [vipName(vip), flagsOf(vip.flags, VIP_FLAGS)];
    if (vip.reals.length === 0) return [[...first, 'no reals', '', '']];
    return vip.reals.map(({ address, weight, flags }, index) => [
      ...(index === 0 ? first : ['', '']),
      address,
      String(weight),
      flagsOf(flags, REAL_FLAGS),
    ]);
  });
  const reals = new Set(vips.flatMap((vip) => vip.reals.map(({ address }) => address)));
  return [
    ...(rows.length === 0 ? [] : [table(['VIP', 'flags', 'real', 'weight', 'flags of real'], rows, [3]), '']),
    ...quic.map(({ id, address }) => `QUIC id ${id}: ${address}`),
    ...healthchecks.map(({ somark, address }) => `healthchecks of mark ${somark}: ${address}`),
    `${vips.length} VIPs, ${reals.size} reals, ${quic.length} QUIC ids, ${healthchecks.length} healthchecks`,
    '',
  ].join('\n');
}
