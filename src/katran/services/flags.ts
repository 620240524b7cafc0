/** Bits of a VIP's flags, as katran's own client and its BPF source name them. */
export const VIP_FLAGS: Readonly<Record<string, number>> = {
  NO_SPORT: 1,
  NO_LRU: 2,
  QUIC_VIP: 4,
  DPORT_HASH: 8,
  SRC_ROUTING: 16,
  LOCAL_VIP: 32,
  GLOBAL_LRU: 64,
  HASH_SRC_DST_PORT: 128,
};

/** Bits of a real's flags. */
export const REAL_FLAGS: Readonly<Record<string, number>> = { LOCAL_REAL: 2 };

/** `['NO_LRU', 256]` for bits: names where there are any, numbers for the other bits, ascending. */
export function flagNames(bits: number, known: Readonly<Record<string, number>>): (string | number)[] {
  const names: (string | number)[] = [];
  for (let bit = 1; bit <= bits; bit *= 2) {
    if (Math.floor(bits / bit) % 2 === 0) continue;
    names.push(Object.keys(known).find((name) => known[name] === bit) ?? bit);
  }
  return names;
}

/** The bits of such a list; undefined where one is no flag that is known. */
export function flagBits(
  list: readonly (string | number)[],
  known: Readonly<Record<string, number>>,
): number | undefined {
  const bits = new Set<number>();
  for (const flag of list) {
    const value = typeof flag === 'number' ? flag : known[flag];
    if (value === undefined) return undefined;
    for (let bit = 1; bit <= value; bit *= 2) if (Math.floor(value / bit) % 2 === 1) bits.add(bit);
  }
  return [...bits].reduce((sum, bit) => sum + bit, 0);
}
