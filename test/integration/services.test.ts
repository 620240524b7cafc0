import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  buildKatranDouble,
  startDouble,
  type Double,
  type Settings,
} from '../support/katran-double/index.ts';
import { ARTIFACTS, runLauncher, Running, scratch, type Artifact, type Ended } from '../support/launcher.ts';

beforeAll(() => void buildKatranDouble(), 60_000);

let directory: ReturnType<typeof scratch>;
let file: string;
const doubles: Double[] = [];
beforeEach(() => {
  directory = scratch();
  file = path.join(directory.path, 'vips.json');
});
afterEach(async () => {
  for (const double of doubles.splice(0)) await double.remove();
  directory.remove();
});

async function katran(settings: Settings = {}, args: readonly string[] = []): Promise<Double> {
  const double = await startDouble({ settings, args });
  doubles.push(double);
  await double.stage.waitFor('listening');
  return double;
}

const vip = (last: number, reals: number): object => ({
  address: `10.200.1.${last}`,
  port: 80,
  protocol: 'tcp',
  flags: ['NO_LRU'],
  reals: Array.from({ length: reals }, (_, i) => ({ address: `10.0.0.${i + 1}`, weight: i, flags: [] })),
});

function write(vips: readonly object[], more: object = {}): void {
  fs.writeFileSync(file, JSON.stringify({ version: 1, vips, ...more }), { mode: 0o600 });
}

const changes = (double: Double): number =>
  double.stage.journal().filter(({ event }) => event === 'modifyRealsForVip').length;

describe.each(ARTIFACTS)('services, with $name', (artifact: Artifact) => {
  const services = (double: Double, ...words: string[]): Promise<Ended> =>
    runLauncher(artifact, ['services', ...words, '-server', double.address]);

  test('restores, saves the same bytes again, and shows them', async () => {
    const double = await katran();
    write([vip(2, 2), vip(1, 3)], { quic: [{ address: '10.0.0.1', id: 7 }] });
    const restored = await services(double, 'restore', file);
    expect(restored).toMatchObject({ status: 0, stdout: '' });
    expect(restored.stderr).toContain('2 VIPs changed; katran has 2 VIPs');

    const copy = path.join(directory.path, 'copy.json');
    expect((await services(double, 'save', '-o', copy)).status).toBe(0);
    const saved = await services(double, 'save');
    expect(fs.readFileSync(copy, 'utf8')).toBe(saved.stdout);
    expect(fs.statSync(copy).mode & 0o777).toBe(0o600);

    const other = await katran();
    expect((await services(other, 'restore', copy)).status).toBe(0);
    expect((await services(other, 'save')).stdout).toBe(saved.stdout);

    const shown = await services(other);
    expect(shown.stdout).toMatch(/tcp 10\.200\.1\.1:80 +NO_LRU +10\.0\.0\.1 +0/);
    expect(shown.stdout).toContain('2 VIPs, 3 reals, 1 QUIC ids, 0 healthchecks');
  });

  test('changes nothing where nothing differs, and only what differs otherwise', async () => {
    const double = await katran();
    write([vip(1, 2), vip(2, 2)]);
    await services(double, 'restore', file);
    const before = changes(double);
    expect((await services(double, 'restore', file)).stderr).toContain('nothing differed');
    expect(changes(double)).toBe(before);
    write([vip(1, 2), vip(2, 3)]);
    expect((await services(double, 'restore', file)).stderr).toContain('1 VIPs changed');
    expect(changes(double)).toBe(before + 1);
  });

  test('-dry_run shows what would change, -exact also what would go, and changes nothing', async () => {
    const double = await katran();
    write([vip(1, 1), vip(2, 1)]);
    await services(double, 'restore', file);
    write([vip(1, 2)]);
    const dry = await services(double, 'restore', file, '-dry_run', '-exact');
    expect(dry).toMatchObject({ status: 0 });
    expect(dry.stdout.split('\n')).toEqual([
      'delete VIP tcp 10.200.1.2:80 with 1 reals',
      'give VIP tcp 10.200.1.1:80: 10.0.0.2 (weight 1)',
      '',
    ]);
    expect((await services(double, 'save')).stdout).toContain('10.200.1.2');
    expect((await services(double, 'restore', file, '-exact')).status).toBe(0);
    expect((await services(double, 'save')).stdout).not.toContain('10.200.1.2');
  });

  test('a VIP that katran refuses and a real that it loses are errors, and the others are there', async () => {
    const double = await katran({ REFUSE_VIP: '10.200.1.2', LOSE_REAL: '10.0.0.3' });
    write([vip(1, 3), vip(2, 1), vip(3, 1)]);
    const { status, stderr } = await services(double, 'restore', file);
    expect(status).toBe(1);
    expect(stderr).toContain('add VIP tcp 10.200.1.2:80: refused');
    expect(stderr).toContain('give VIP tcp 10.200.1.1:80: 10.0.0.3 (weight 2)');
    const { stdout } = await services(double);
    expect(stdout).toContain('2 VIPs');
  });

  test('a katran that crashes meanwhile ends it with what became of the call', async () => {
    const double = await katran({ CRASH: 'change-3=SIGSEGV' });
    write([vip(1, 1), vip(2, 1), vip(3, 1)]);
    const { status, stderr } = await services(double, 'restore', file);
    expect(status).toBe(1);
    expect(stderr).toMatch(/failed: UNAVAILABLE/);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('a bad file is refused with the place in it before anything is sent', async () => {
    const double = await katran();
    write([{ ...vip(1, 1), port: 70000 }]);
    const { status, stderr } = await services(double, 'restore', file);
    expect(status).toBe(1);
    expect(stderr).toContain('vips[0].port: is 70000');
    expect(double.stage.journal().filter(({ event }) => event === 'addVip')).toEqual([]);
  });

  test('SIGTERM ends it after the call under way, and the next run finishes', async () => {
    const double = await katran({ LATE: 100 });
    write(Array.from({ length: 20 }, (_, i) => vip(i + 1, 1)));
    const running = new Running(artifact, ['services', 'restore', file, '-server', double.address]);
    await double.stage.waitFor('modifyRealsForVip');
    const ended = await running.stop();
    expect(ended.status).toBe(143);
    expect(ended.stderr).toContain('run it again to finish');
    expect((await services(double, 'restore', file)).status).toBe(0);
    expect((await services(double)).stdout).toContain('20 VIPs');
  });

  test('nobody at the port is one line that says so', async () => {
    const ended = await runLauncher(artifact, ['services', '-server', '127.0.0.1:1']);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/getAllVips at 127\.0\.0\.1:1 failed: UNAVAILABLE/);
  });
});
