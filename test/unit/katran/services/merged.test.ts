import { expect, it } from 'vitest';
import { isSame, merged } from '../../../../src/katran/services/merged.ts';
import type { Services } from '../../../../src/katran/services/types.ts';

/** VIPs by the last part of their address, each with the weight of its one real; QUIC ids by their address. */
const services = (
  vips: Readonly<Record<number, number>>,
  ids: Readonly<Record<number, string>> = {},
): Services => ({
  vips: Object.entries(vips).map(([last, weight]) => ({
    address: `10.200.1.${last}`,
    port: 80,
    protocol: 6,
    flags: 0,
    reals: [{ address: '10.0.0.1', weight, flags: 0 }],
  })),
  quic: Object.entries(ids).map(([id, address]) => ({ id: Number(id), address })),
  healthchecks: [],
});

it.each<[string, Services, Services, Services]>([
  ['nothing changed', services({ 1: 1, 2: 1 }), services({ 1: 1, 2: 1 }), services({ 1: 1, 2: 1 })],
  [
    'theirs added one',
    services({ 1: 1, 2: 1, 3: 1 }),
    services({ 1: 1, 2: 1 }),
    services({ 1: 1, 2: 1, 3: 1 }),
  ],
  ['theirs deleted one', services({ 1: 1 }), services({ 1: 1, 2: 1 }), services({ 1: 1 })],
  ['theirs changed one', services({ 1: 7, 2: 1 }), services({ 1: 1, 2: 1 }), services({ 1: 7, 2: 1 })],
  [
    'ours added one',
    services({ 1: 1, 2: 1 }),
    services({ 1: 1, 2: 1, 3: 1 }),
    services({ 1: 1, 2: 1, 3: 1 }),
  ],
  ['ours deleted one', services({ 1: 1, 2: 1 }), services({ 1: 1 }), services({ 1: 1 })],
  ['each changed another one', services({ 1: 7, 2: 1 }), services({ 1: 1, 2: 8 }), services({ 1: 7, 2: 8 })],
  [
    'both changed the same one: theirs',
    services({ 1: 7, 2: 1 }),
    services({ 1: 8, 2: 1 }),
    services({ 1: 7, 2: 1 }),
  ],
  ['both deleted the same one', services({ 1: 1 }), services({ 1: 1 }), services({ 1: 1 })],
])('%s', (_what, theirs, ours, together) => {
  expect(merged(services({ 1: 1, 2: 1 }), theirs, ours)).toEqual(together);
});

it('QUIC ids are merged one by one', () => {
  const base = services({}, { 1: '10.0.0.1', 2: '10.0.0.2' });
  const theirs = services({}, { 1: '10.0.0.9', 2: '10.0.0.2' });
  const ours = services({}, { 1: '10.0.0.1', 3: '10.0.0.3' });
  expect(merged(base, theirs, ours)).toEqual(services({}, { 1: '10.0.0.9', 3: '10.0.0.3' }));
});

it('flags of a real are a difference too', () => {
  const one = services({ 1: 1 });
  const [vip] = one.vips;
  const flagged = {
    ...one,
    vips: [{ ...vip, reals: [{ address: '10.0.0.1', weight: 1, flags: 2 }] }],
  } as Services;
  expect(isSame(one, services({ 1: 1 }))).toBe(true);
  expect(isSame(one, flagged)).toBe(false);
});
