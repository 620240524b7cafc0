import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { supervise, type Watched } from '../../../src/launch/supervision.ts';
import { MAC, Stage } from './stage.ts';

const OTHER = '02:00:00:00:00:0b';

let stage: Stage;
let watched: Watched;
beforeEach(() => {
  stage = new Stage();
});
afterEach(async () => {
  await watched.stop('asked');
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  stage.remove();
});

async function begin(...flags: string[]): Promise<void> {
  const launch = await stage.prepare(...flags);
  vi.useFakeTimers();
  stage.client.mac = MAC;
  watched = supervise(launch, stage.katran, stage.client);
  await vi.advanceTimersByTimeAsync(0);
}

/** The neighbour table has this MAC wherever it had the gateway's. */
function gatewayHas(mac: string): void {
  const table = path.join(stage.sysroot, 'proc/net/arp');
  fs.writeFileSync(table, fs.readFileSync(table, 'utf8').replaceAll(MAC, mac));
}

describe('a katran that is up', () => {
  it('is left alone while nothing changes', async () => {
    await begin();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(stage.client.given).toEqual([]);
    expect(stage.log.lines).toEqual([
      "debug: whether katran's program is in its place is not looked at: -sysroot is that of another host",
    ]);
    expect(stage.told).toEqual(['watch']);
  });

  it('is given a MAC that changed, and the service manager sees it', async () => {
    await begin();
    gatewayHas(OTHER);
    await vi.advanceTimersByTimeAsync(1000);
    expect(stage.client.given).toEqual([OTHER]);
    expect(stage.told.at(-1)).toBe(`status katran (pid 4711) is up with MAC ${OTHER}`);
  });

  it('is given it at once at SIGHUP', async () => {
    await begin('-gateway_interval', '3600000');
    gatewayHas(OTHER);
    await vi.advanceTimersByTimeAsync(2000);
    expect(stage.client.given).toEqual([]);
    stage.signals.send('SIGHUP');
    await vi.advanceTimersByTimeAsync(0);
    expect(stage.client.given).toEqual([OTHER]);
  });

  it.each([[[]], [['-default_mac', MAC]]])(
    'has a MAC that another client changed put right within two rounds, with one line (%j)',
    async (flags) => {
      await begin(...flags);
      stage.client.mac = OTHER;
      await vi.advanceTimersByTimeAsync(2000);
      expect(stage.client.mac).toBe(MAC);
      expect(stage.log.lines.filter((line) => line.includes(OTHER))).toEqual([
        `warn: katran had MAC ${OTHER}, which another client must have given it; told it ${MAC}`,
      ]);
    },
  );

  it('is asked for its MAC no more while nobody else has called it, and at once when somebody has', async () => {
    stage.calledByOthers = false;
    await begin();
    stage.client.mac = OTHER;
    await vi.advanceTimersByTimeAsync(9_000);
    expect(stage.client.mac).toBe(OTHER);
    stage.calledByOthers = true;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(stage.client.mac).toBe(MAC);
  });

  it('has it put right at once at SIGHUP', async () => {
    await begin();
    stage.client.mac = '00:00:00:00:00:00';
    stage.signals.send('SIGHUP');
    await vi.advanceTimersByTimeAsync(0);
    expect(stage.client.mac).toBe(MAC);
  });

  it('is not waited for in the middle of a push when a stop is asked for', async () => {
    await begin();
    stage.client.changes = ['hang'];
    gatewayHas(OTHER);
    await vi.advanceTimersByTimeAsync(1000);
    expect(stage.client.given).toEqual([OTHER]);
    await watched.stop('asked');
  });

  it('is given up when it has not answered for -unresponsive_timeout, and an error before', async () => {
    await begin('-unresponsive_timeout', '12000');
    stage.client.reads = Array.from({ length: 100 }, () => 'fail' as const);
    await vi.advanceTimersByTimeAsync(4000);
    expect(stage.log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    await expect(watched.lost).resolves.toMatchObject({
      why: expect.stringMatching(/^katran \(pid 4711\) has not answered for 1[23] s$/) as string,
    });
    expect(stage.log.lines.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringMatching(/katran \(pid 4711\) has not answered for [56] s/),
      expect.stringMatching(/katran \(pid 4711\) has not answered for 1[23] s: giving it up/),
    ]);
  });

  it('is told of at SIGUSR1, as it is then', async () => {
    await begin();
    await vi.advanceTimersByTimeAsync(5000);
    stage.signals.send('SIGUSR1');
    expect(stage.log.lines.at(-1)).toMatch(
      new RegExp(`^info: katran \\(pid 4711\\) is up for 5 s, MAC ${MAC}, gateway 10\\.77\\.0\\.1 on eth0`),
    );
  });

  it('is sent nothing once the watching has ended, whatever changes', async () => {
    await begin();
    await watched.stop('asked');
    gatewayHas(OTHER);
    stage.signals.send('SIGHUP');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stage.client.given).toEqual([]);
    expect(stage.log.lines.at(-1)).toBe('info: already stopping');
  });

  it('is not waited for at a stop when it hangs while it is given a MAC', async () => {
    await begin();
    stage.client.changes = ['hang'];
    gatewayHas(OTHER);
    stage.signals.send('SIGHUP');
    while (!stage.client.given.includes(OTHER)) await vi.advanceTimersByTimeAsync(10);
    // No time passes here: a deadline of the call would never come.
    await watched.stop('asked');
    expect(stage.log.lines.filter((line) => line.startsWith('warn'))).toEqual([]);
  });

  it('that has died in the middle of telling its services is not said to refuse them', async () => {
    let cancel: (why: Error) => void = () => undefined;
    Object.assign(stage.client, {
      getAllVips: () => new Promise((_resolve, reject) => (cancel = reject)),
    });
    await begin('-services', path.join(stage.sysroot, 'services.json'), '-keep_services');
    // As its client is closed: the call under way ends, and the watching.
    cancel(new Error('CANCELLED (client closed)'));
    const stopped = watched.stop('died');
    await vi.advanceTimersByTimeAsync(0);
    await stopped;
    expect(stage.log.lines.filter((line) => line.includes('services'))).toEqual([]);
  });

  it('is to be stopped when a signal says so, also one that came before', async () => {
    await begin();
    stage.signals.send('SIGTERM');
    await expect(watched.stopRequested).resolves.toBeUndefined();
    const again = supervise(await stage.prepare(), stage.katran, stage.client);
    await expect(again.stopRequested).resolves.toBeUndefined();
    await again.stop('asked');
  });
});
