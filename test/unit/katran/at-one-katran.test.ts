import { expect, it } from 'vitest';
import { atOneKatran } from '../../../src/katran/at-one-katran.ts';
import { KatranCallError } from '../../../src/katran/call-error.ts';
import { keepingLog, KatranStandIn } from '../launch/stand-ins.ts';

/** Who has the port at each look; the last one has it from then on. */
function port(...holders: readonly (string | undefined)[]) {
  const log = keepingLog();
  let looks = 0;
  const opened: string[] = [];
  const holder = (): string | undefined => holders[Math.min(looks++, holders.length - 1)];
  const open = (): Promise<KatranStandIn> => {
    opened.push(holders[Math.min(looks, holders.length) - 1] ?? 'two');
    return Promise.resolve(new KatranStandIn());
  };
  return { log, opened, options: { log, address: '127.0.0.1:50051', holder, open } };
}

it('a katran that has its port alone is used once', async () => {
  const { options, opened, log } = port('old');
  expect(await atOneKatran(options, () => Promise.resolve('read'))).toBe('read');
  expect({ opened, lines: log.lines }).toEqual({ opened: ['old'], lines: [] });
});

it('nothing is asked while two share the port: the new one has some of the services', async () => {
  const { options, opened, log } = port(undefined, undefined, 'new');
  await atOneKatran(options, () => Promise.resolve());
  expect(opened).toEqual(['new']);
  expect(log.lines).toEqual(['info: two katrans share 127.0.0.1:50051: waiting for the end of the handover']);
});

it('what a handover came into is done again with the new one, and its result counts', async () => {
  const { options, opened, log } = port('old', undefined, undefined, 'new');
  let times = 0;
  expect(await atOneKatran(options, () => Promise.resolve((times += 1)))).toBe(2);
  expect(opened).toEqual(['old', 'new']);
  expect(log.lines[0]).toBe('info: one katran took over from another meanwhile: doing it again');
});

it('a call that ends with the old katran is no error, and one that ends with the only one is', async () => {
  const gone = new KatranCallError('getAllVips', '127.0.0.1:50051', 'UNAVAILABLE', '');
  let times = 0;
  const use = (): Promise<string> => ((times += 1) === 1 ? Promise.reject(gone) : Promise.resolve('read'));
  expect(await atOneKatran(port('old', 'new').options, use)).toBe('read');
  await expect(atOneKatran(port('old').options, () => Promise.reject(gone))).rejects.toBe(gone);
  // It died, and no other one has the port.
  await expect(atOneKatran(port('old', '').options, () => Promise.reject(gone))).rejects.toBe(gone);
});

it('what is wrong with the services themselves is not tried again', async () => {
  const wrong = new Error('katran did not take all services');
  await expect(atOneKatran(port('old', 'new').options, () => Promise.reject(wrong))).rejects.toBe(wrong);
});
