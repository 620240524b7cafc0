// The file of -keep_services: written when something changed, and never by the emptiness of a katran that is starting, dying or silent.
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readServicesFile } from '../../../src/katran/services/file.ts';
import { keepServices, type ServicesKeeper } from '../../../src/launch/services-keep.ts';
import { scratch } from '../../support/launcher.ts';
import { keepingLog, KatranStandIn } from './stand-ins.ts';

const vip = (last: number) => ({ address: `10.200.1.${last}`, port: 80, protocol: 6 });

/** A katran with VIPs without reals, which answers or does not. */
class Katran extends KatranStandIn {
  vips = [vip(1)];
  answers = true;
  readings = 0;

  override readonly getAllVips = (): Promise<typeof this.vips> => {
    this.readings += 1;
    return this.answers ? Promise.resolve([...this.vips]) : Promise.reject(new Error('UNAVAILABLE'));
  };
}

let files: ReturnType<typeof scratch>;
let file: string;
let katran: Katran;
let log: ReturnType<typeof keepingLog>;
let keeper: ServicesKeeper | undefined;
beforeEach(() => {
  files = scratch();
  file = path.join(files.path, 'services.json');
  katran = new Katran();
  log = keepingLog();
});
afterEach(async () => {
  await keeper?.stop();
  files.remove();
});

/** A keeper that looks when it is told to, and an hour after that. */
async function keep(into: string | undefined = file): Promise<ServicesKeeper> {
  keeper = keepServices({ file: into, calls: katran, log, everyMs: 3_600_000 });
  await keeper.checkNow();
  return keeper;
}
const kept = (): string[] => (readServicesFile(file)?.vips ?? []).map(({ address }) => address);

it('writes what katran has, for its owner, and again only when that changed', async () => {
  const keeping = await keep();
  expect(kept()).toEqual(['10.200.1.1']);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  const before = fs.statSync(file).ino;
  await keeping.checkNow();
  expect(fs.statSync(file).ino).toBe(before);
  katran.vips.push(vip(2));
  await keeping.checkNow();
  expect(kept()).toEqual(['10.200.1.1', '10.200.1.2']);
});

it('believes that katran has nothing when two readings in a row say so', async () => {
  const keeping = await keep();
  katran.vips = [];
  await keeping.checkNow();
  expect(kept()).toEqual(['10.200.1.1']);
  expect(keeping.last()?.vips).toHaveLength(1);
  await keeping.checkNow();
  expect(kept()).toEqual([]);
  expect(keeping.last()?.vips).toEqual([]);
});

it.each([
  ['does not answer between them', () => (katran.answers = false)],
  ['has something between them', () => (katran.vips = [vip(1)])],
])('two empty readings count only in a row: not where katran %s', async (_what, between) => {
  const keeping = await keep();
  katran.vips = [];
  await keeping.checkNow();
  between();
  await keeping.checkNow();
  katran.answers = true;
  katran.vips = [];
  await keeping.checkNow();
  expect(kept()).toEqual(['10.200.1.1']);
});

it('a katran that does not answer changes nothing, and is said once until it answers again', async () => {
  const keeping = await keep();
  katran.answers = false;
  await keeping.checkNow();
  await keeping.checkNow();
  expect(kept()).toEqual(['10.200.1.1']);
  expect(keeping.last()?.vips).toHaveLength(1);
  expect(log.lines.filter((line) => line.startsWith('warn: cannot keep'))).toHaveLength(1);
  katran.answers = true;
  await keeping.checkNow();
  katran.answers = false;
  await keeping.checkNow();
  expect(log.lines.filter((line) => line.startsWith('warn: cannot keep'))).toHaveLength(2);
});

it('a file that cannot be written is said, and written as soon as it can be', async () => {
  const folder = path.join(files.path, 'later');
  const keeping = await keep(path.join(folder, 'services.json'));
  expect(log.lines.join('\n')).toMatch(/^warn: cannot keep katran's services in .*later\/services\.json/);
  fs.mkdirSync(folder);
  await keeping.checkNow();
  expect(fs.existsSync(path.join(folder, 'services.json'))).toBe(true);
});

it('finish looks once more, and at an emptiness twice; stop does not', async () => {
  const finishing = await keep();
  katran.vips.push(vip(2));
  await finishing.finish();
  expect(kept()).toHaveLength(2);
  const stopping = await keep();
  katran.vips.push(vip(3));
  await stopping.stop();
  expect(kept()).toHaveLength(2);
  const emptied = await keep();
  katran.vips = [];
  await emptied.finish();
  expect(kept()).toEqual([]);
});

it('what is lost with a katran that is stopped is said, also when it was said before', async () => {
  const folder = path.join(files.path, 'missing');
  const keeping = await keep(path.join(folder, 'services.json'));
  await keeping.finish();
  const said = /^warn: cannot keep katran's services in .*missing\/services\.json/;
  expect(log.lines).toEqual([expect.stringMatching(said), expect.stringMatching(said)]);
});

it('without a file they are remembered only', async () => {
  keeper = keepServices({ file: undefined, calls: katran, log, everyMs: 3_600_000 });
  await keeper.checkNow();
  expect(keeper.last()?.vips).toHaveLength(1);
  expect(fs.readdirSync(files.path)).toEqual([]);
});

it('looks by itself, again and again', async () => {
  keeper = keepServices({ file, calls: katran, log, everyMs: 5 });
  await expect.poll(() => katran.readings).toBeGreaterThan(3);
});
