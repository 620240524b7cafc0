import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { hasMac, pushMac } from '../../../src/katran/mac-push.ts';
import { KatranStandIn } from '../launch/stand-ins.ts';

const MAC = '96:a3:21:a5:07:cb';

describe('pushing a MAC', () => {
  it('is done when it reads back', async () => {
    const katran = new KatranStandIn();
    await pushMac(katran, MAC);
    expect(katran.given).toEqual([MAC]);
    expect(katran.mac).toBe(MAC);
  });

  it('reads back what ends with a colon, as katran before August 2026 has it', async () => {
    const katran = new KatranStandIn();
    katran.reads = ['colon'];
    await expect(pushMac(katran, MAC)).resolves.toBeUndefined();
  });

  it.each([
    ['is refused', 'refuse', /katran did not take MAC 96:a3:21:a5:07:cb: CANCELLED/],
    ['fails', 'fail', /did not take MAC .*UNAVAILABLE/],
    ['answers success=false', 'success=false', /did not take MAC .*success=false/],
    ['says success and changes nothing', 'ignore', /was told MAC .* but reads back "02:00:00:00:00:01"/],
  ] as const)('throws a Failure when changeMac %s', async (_what, how, message) => {
    const katran = new KatranStandIn();
    katran.changes = [how];
    const push = pushMac(katran, MAC);
    await expect(push).rejects.toThrow(Failure);
    await expect(push).rejects.toThrow(message);
  });

  it('throws when the read-back fails: nothing is known then', async () => {
    const katran = new KatranStandIn();
    katran.reads = ['fail'];
    await expect(pushMac(katran, MAC)).rejects.toThrow('UNAVAILABLE');
  });
});

describe('asking whether katran has a MAC', () => {
  it('is true for it, false for another and for no answer', async () => {
    const katran = new KatranStandIn();
    expect(await hasMac(katran, '02:00:00:00:00:01')).toBe(true);
    expect(await hasMac(katran, MAC)).toBe(false);
    katran.reads = ['fail'];
    expect(await hasMac(katran, '02:00:00:00:00:01')).toBe(false);
  });
});
