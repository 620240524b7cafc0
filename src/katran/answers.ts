import { canonicalAddress } from './services/order.ts';
import type { HealthcheckTarget, QuicReal, Real, VipKey } from './services/types.ts';

/** A field of an answer, whatever it is. */
export function field(message: object, name: string): unknown {
  return Object.entries(message).find(([key]) => key === name)?.[1];
}

/** The entries of a list in an answer, each read. */
export function list<T>(message: object, name: string, entry: (value: object) => T): T[] {
  const values = field(message, name);
  if (!Array.isArray(values)) return [];
  return values.flatMap((value: unknown) =>
    typeof value === 'object' && value !== null ? [entry(value)] : [],
  );
}

const textOf = (value: object, name: string): string => String(field(value, name));
const numberOf = (value: object, name: string): number => Number(field(value, name));

/** Addresses as katran writes them become the one text they have here. */
const addressOf = (value: object): string => {
  const text = textOf(value, 'address');
  return canonicalAddress(text) ?? text;
};

/** The address as katran has it: a VIP is known by the very text it was added with. */
export const vipOf = (value: object): VipKey => ({
  address: textOf(value, 'address'),
  port: numberOf(value, 'port'),
  protocol: numberOf(value, 'protocol'),
});

export const realOf = (value: object): Real => ({
  address: addressOf(value),
  weight: numberOf(value, 'weight'),
  flags: numberOf(value, 'flags'),
});

export const quicOf = (value: object): QuicReal => ({ address: addressOf(value), id: numberOf(value, 'id') });

/** A map<int32, string>: marks above 2^31 - 1 come as negative numbers. */
export function healthchecksOf(value: unknown): HealthcheckTarget[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([somark, address]) => ({
    somark: Number(somark) >>> 0,
    address: canonicalAddress(String(address)) ?? String(address),
  }));
}
