import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseInvocation, type Options } from '../../../src/cli/options.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { missingOfLink, waitForLink } from '../../../src/planning/link.ts';
import { makeMachine } from '../../support/made-machine.ts';
import { makeDirectory } from '../../support/machines.ts';
import { recordingLog } from '../../support/recording-log.ts';

let directory: string;
beforeEach(() => {
  directory = makeDirectory('link');
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const at = (file: string): string => path.join(directory, file);
function options(...words: string[]): Options {
  const invocation = parseInvocation(['-affinitize_only', '-intf', 'eth0', ...words], {});
  if (invocation.kind !== 'launch') throw new Error(invocation.kind);
  return invocation.options;
}
const missing = (...words: string[]): string | undefined =>
  missingOfLink(options(...words), openRoot(directory));
const isUp = (up: boolean): void =>
  fs.writeFileSync(at('sys/class/net/eth0/flags'), up ? '0x1003\n' : '0x1002\n');
/** Takes eth0 away; what is given brings it back. */
function leave(): () => void {
  const [here, away] = [at('sys/class/net/eth0'), at('eth0.away')];
  fs.renameSync(here, away);
  return () => fs.renameSync(away, here);
}
/** The interrupts of eth0 are requested, or not yet. */
function hide(): () => void {
  const whole = fs.readFileSync(at('proc/interrupts'), 'utf8');
  const none = whole.split('\n').filter((line) => !line.includes('eth0-'));
  fs.writeFileSync(at('proc/interrupts'), none.join('\n'));
  return () => fs.writeFileSync(at('proc/interrupts'), whole);
}

describe('what time would bring', () => {
  it('is the interface, then that it is up, then its receive interrupts', () => {
    makeMachine(directory, { cpus: 4, queues: 2 });
    const come = leave();
    expect(missing()).toBe('interface eth0 to exist');
    come();
    isUp(false);
    expect(missing()).toBe('interface eth0 to be up');
    isUp(true);
    const show = hide();
    expect(missing()).toBe('the receive interrupts of eth0');
    show();
    expect(missing()).toBeUndefined();
  });

  it('is not what a flag asks for and this machine does not have', () => {
    makeMachine(directory, { cpus: 4, queues: 2 });
    expect(missing('-cpus', '77')).toBeUndefined();
  });
});

describe('-link_timeout', () => {
  let come: () => void = () => undefined;
  const wait = async (ms: number, signal = new AbortController().signal) => {
    const log = recordingLog();
    const said: string[] = [];
    const waited = waitForLink(options('-link_timeout', String(ms)), openRoot(directory), {
      signal,
      waitingFor: (what) => {
        said.push(what);
        come();
      },
      log,
    });
    await waited;
    come = () => undefined;
    return { log, said };
  };

  it('waits until the interface is there, says for what, and goes on as soon as it is', async () => {
    makeMachine(directory, { cpus: 4, queues: 2 });
    come = leave();
    const { log, said } = await wait(600_000);
    expect(said).toEqual(['interface eth0 to exist']);
    expect(log.lines).toEqual([
      'info: waiting up to 600000 ms for interface eth0 to exist (-link_timeout)',
      expect.stringMatching(/^info: the interface is ready after \d+ ms$/),
    ]);
  });

  it('over, goes on with a warning: what is missing may be no obstacle', async () => {
    makeMachine(directory, { cpus: 4, queues: 2 });
    isUp(false);
    const { log } = await wait(50);
    expect(log.of('warn')).toEqual(['50 ms (-link_timeout) were not enough for interface eth0 to be up']);
  });

  it('of 0, and of an interface that is ready, is not spoken of', async () => {
    makeMachine(directory, { cpus: 4, queues: 2 });
    expect((await wait(60_000)).log.lines).toEqual([]);
    isUp(false);
    expect((await wait(0)).log.lines).toEqual([]);
  });

  it('ends at once when it is to be stopped', async () => {
    makeMachine(directory, { cpus: 4, queues: 2 });
    isUp(false);
    const stop = new AbortController();
    const waiting = wait(600_000, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toThrow();
  });
});
