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
  it('is left alone while nothing changes, and the watchdog asks it', async () => {
    await begin();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(stage.client.given).toEqual([]);
    expect(stage.log.lines).toEqual([]);
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

  it('is to be stopped when a signal says so, also one that came before', async () => {
    await begin();
    stage.signals.send('SIGTERM');
    await expect(watched.stopRequested).resolves.toBeUndefined();
    const again = supervise(await stage.prepare(), stage.katran, stage.client);
    await expect(again.stopRequested).resolves.toBeUndefined();
    await again.stop('asked');
  });
});
