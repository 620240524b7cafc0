import { describe, expect, test } from 'vitest';
import { changesBetween, changesInWords, isNothing } from '../../../../src/katran/services/changes.ts';
import { NO_SERVICES, type Real, type Services, type Vip } from '../../../../src/katran/services/types.ts';

const real = (last: number, weight = 1, flags = 0): Real => ({ address: `10.0.0.${last}`, weight, flags });
const vip = (port: number, reals: readonly Real[] = [], flags = 0): Vip => ({
  address: '10.200.1.1',
  port,
  protocol: 6,
  flags,
  reals,
});
const services = (...vips: readonly Vip[]): Services => ({ ...NO_SERVICES, vips });
const words = (has: Services, wanted: Services, exact = false): string[] =>
  changesInWords(changesBetween(has, wanted, exact));

describe('the way from what katran has to what is wanted', () => {
  test('is nothing where both are the same', () => {
    const both = services(vip(80, [real(1)], 2));
    expect(isNothing(changesBetween(both, both, true))).toBe(true);
  });

  test('adds a VIP with its flags and reals', () => {
    expect(words(NO_SERVICES, services(vip(80, [real(1, 5)], 2)))).toEqual([
      'add VIP tcp 10.200.1.1:80, flags 2',
      'give VIP tcp 10.200.1.1:80: 10.0.0.1 (weight 5)',
    ]);
  });

  test('sends only the reals that lack or have another weight, and only the flags that differ', () => {
    const has = services(vip(80, [real(1), real(2)], 3));
    const wanted = services(vip(80, [real(1), real(2, 7), real(3)], 6));
    expect(words(has, wanted)).toEqual([
      'set flags 4 of VIP tcp 10.200.1.1:80',
      'clear flags 1 of VIP tcp 10.200.1.1:80',
      'give VIP tcp 10.200.1.1:80: 10.0.0.2 (weight 7), 10.0.0.3 (weight 1)',
    ]);
  });

  test('leaves what is not wanted, unless it is to be exact', () => {
    const has: Services = {
      vips: [vip(80, [real(1), real(2)]), vip(81)],
      quic: [{ id: 1, address: '10.0.0.1' }],
      healthchecks: [{ somark: 5, address: '10.0.0.1' }],
    };
    const wanted = services(vip(80, [real(1)]));
    expect(words(has, wanted)).toEqual([]);
    expect(words(has, wanted, true)).toEqual([
      'delete VIP tcp 10.200.1.1:81 with 0 reals',
      'take from VIP tcp 10.200.1.1:80: 10.0.0.2',
      'delete QUIC id 1',
      'delete healthcheck of mark 5',
    ]);
  });

  test('speaks of a VIP as katran spells it, and does not add it a second time', () => {
    const has = services({ ...vip(80), address: 'fd20::1', spelling: 'FD20:0::1' });
    const wanted = services({ ...vip(80, [real(1)]), address: 'fd20::1' });
    expect(changesBetween(has, wanted, false).vips.map((change) => [change.add, change.vip.address])).toEqual(
      [[undefined, 'FD20:0::1']],
    );
  });

  test('maps a QUIC id or a mark anew that points elsewhere, and does not delete it first', () => {
    const has = {
      ...NO_SERVICES,
      quic: [{ id: 1, address: '10.0.0.1' }],
      healthchecks: [{ somark: 5, address: '10.0.0.1' }],
    };
    const wanted = {
      ...NO_SERVICES,
      quic: [{ id: 1, address: '10.0.0.2' }],
      healthchecks: [{ somark: 5, address: '10.0.0.2' }],
    };
    expect(words(has, wanted, true)).toEqual([
      'map QUIC id 1 to 10.0.0.2',
      'send healthchecks of mark 5 to 10.0.0.2',
    ]);
  });

  test('sets flags of reals again where katran does not tell them, which is no difference', () => {
    const changes = changesBetween(services(vip(80, [real(1)])), services(vip(80, [real(1, 1, 2)])), true);
    expect(changes.realFlags).toEqual([{ address: '10.0.0.1', set: 2, clear: 0 }]);
    expect(isNothing(changes)).toBe(true);
  });

  test('clears flags of a real that katran tells and nobody wants', () => {
    const changes = changesBetween(services(vip(80, [real(1, 1, 2)])), services(vip(80, [real(1)])), false);
    expect(changes.realFlags).toEqual([{ address: '10.0.0.1', set: 0, clear: 2 }]);
  });
});
