import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import type { KatranExit } from '../../../src/katran/process.ts';
import { MAC, Stage } from './stage.ts';

const NEVER = Array.from({ length: 100_000 }, () => 'fail' as const);

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.remove());

const UP = /^info: katran is up and running$/;
const died = (signal: NodeJS.Signals): KatranExit => ({ code: null, signal });

describe('a launch', () => {
  it('is up when katran answers and has the MAC, and is told so after that', async () => {
    const launched = stage.launch();
    await stage.says(UP);
    expect(stage.client.mac).toBe(MAC);
    expect(stage.told).toContain(`ready katran (pid 4711) is up with MAC ${MAC}`);
    stage.signals.send('SIGTERM');
    expect(await launched).toBe(0);
    expect(stage.katran.signals).toEqual(['SIGTERM', 'SIGCONT']);
  });

  it('is not up before katran has the MAC', async () => {
    stage.client.changes = ['ignore', 'ignore'];
    const launched = stage.launch();
    await stage.says(/retrying/);
    expect(stage.log.lines.some((line) => UP.test(line))).toBe(false);
    await stage.says(UP);
    stage.signals.send('SIGTERM');
    expect(await launched).toBe(0);
  });

  it.each([
    [{ code: 1, signal: null }, 1, /did not accept a flag/],
    [{ code: 0, signal: null }, 1, /exited with status 0/],
    [died('SIGABRT'), 134, /died of SIGABRT/],
  ] as const)('of a katran that dies while it starts (%j) gives %d', async (exit, status, words) => {
    stage.client.reads = NEVER;
    const launched = stage.launch();
    await stage.says(/waiting for katran/);
    stage.katran.end(exit);
    expect(await launched).toBe(status);
    expect(stage.log.lines.at(-1)).toMatch(words);
    expect(stage.katran.signals).toEqual([]);
  });

  it.each([
    ['SIGSEGV', 139],
    ['SIGKILL', 137],
  ] as const)('of a katran that dies of %s while it runs gives %d', async (signal, status) => {
    const launched = stage.launch();
    await stage.says(UP);
    stage.katran.end(died(signal));
    expect(await launched).toBe(status);
    expect(stage.katran.signals).toEqual([]);
  });

  it('ends with katran stopped when it is not up in time', async () => {
    stage.client.reads = NEVER;
    expect(await stage.launch('-start_timeout', '50')).toBe(1);
    expect(stage.katran.signals).toEqual(['SIGTERM', 'SIGCONT']);
    expect(stage.log.lines.at(-1)).toMatch(/was not up 50 ms after its start \(-start_timeout\)/);
  });

  it('that is asked to stop while katran does not answer stops it at once', async () => {
    stage.client.reads = NEVER;
    const launched = stage.launch();
    await stage.says(/waiting for katran/);
    stage.signals.send('SIGTERM');
    expect(await launched).toBe(0);
    expect(stage.katran.signals).toEqual(['SIGTERM', 'SIGCONT']);
  });

  it('that is asked to stop while changeMac hangs does not wait for it', async () => {
    stage.client.changes = ['hang'];
    const launched = stage.launch();
    while (stage.client.given.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stage.signals.send('SIGINT');
    expect(await launched).toBe(0);
    expect(stage.log.lines.some((line) => UP.test(line))).toBe(false);
  });

  it('that is asked to stop before katran is started stops it as soon as it is', async () => {
    stage.client.reads = NEVER;
    stage.signals.send('SIGTERM');
    expect(await stage.launch()).toBe(0);
    expect(stage.katran.signals).toEqual(['SIGTERM', 'SIGCONT']);
  });

  it('gives how katran ended when it was stopped, not that it was', async () => {
    stage.katran.atTerm = died('SIGABRT');
    const launched = stage.launch();
    await stage.says(UP);
    stage.signals.send('SIGTERM');
    expect(await launched).toBe(134);
  });

  it('stops katran in order when an error that nobody caught comes up while it runs', async () => {
    const launched = stage.launch();
    await stage.says(UP);
    stage.signals.uncaught?.(new TypeError('a mistake in a watch'));
    await launched;
    expect(stage.desk.defect).toBe(true);
    expect(stage.katran.signals).toEqual(['SIGTERM', 'SIGCONT']);
  });

  it('stops katran, and passes the error on, when a mistake of ours comes up while it starts', async () => {
    stage.parts = { openClient: () => Promise.reject(new TypeError('a mistake')) };
    await expect(stage.launch()).rejects.toThrow(TypeError);
    expect(stage.katran.signals).toEqual(['SIGTERM', 'SIGCONT']);
  });

  it('says once, to the log and to the service manager, what makes it stop katran', async () => {
    stage.parts = { openClient: () => Promise.reject(new Failure('there is no file of services')) };
    expect(await stage.launch()).toBe(1);
    const said = (lines: readonly string[]) =>
      lines.filter((line) => line.includes('there is no file of services'));
    expect(said(stage.log.lines)).toEqual([
      'error: stopping katran (pid 4711): there is no file of services',
    ]);
    expect(said(stage.told)).toEqual(['failed stopping katran (pid 4711): there is no file of services']);
    expect(stage.katran.signals).toEqual(['SIGTERM', 'SIGCONT']);
  });

  it('says its pid and arguments once, and complains about nothing, when katran is up soon', async () => {
    const launched = stage.launch();
    await stage.says(UP);
    stage.signals.send('SIGTERM');
    await launched;
    expect(stage.log.lines.filter((line) => line.includes('pid 4711'))[0]).toBe(
      'info: starting katran, pid 4711: katran_server_grpc -a=b',
    );
    expect(stage.log.lines.filter((line) => line.includes('starting katran'))).toHaveLength(1);
    expect(stage.log.lines.filter((line) => line.includes('cannot reach katran'))).toEqual([]);
  });

  it('is a failure when katran cannot be started', async () => {
    stage.parts = { startKatran: () => Promise.reject(new Failure('cannot start katran: ENOENT')) };
    await expect(stage.launch()).rejects.toThrow('cannot start katran: ENOENT');
    expect(stage.told).toEqual([]);
  });
});
