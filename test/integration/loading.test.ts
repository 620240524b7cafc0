import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLE, BINARY, runLauncher, scratch } from '../support/launcher.ts';
import { copyMachine } from '../support/machines.ts';
import { stageLaunch } from '../support/staged-launch.ts';

/** A text in each package's own source that the bundler keeps. */
const MARKS = {
  '@grpc/grpc-js': 'grpc.use_local_subchannel_pool',
  execa: 'forceKillAfterDelay',
  systeminformation: 'getStaticData',
  'pino-pretty': 'customPrettifiers',
  pino: 'stdTimeFunctions',
} as const;
type Package = keyof typeof MARKS;

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** The file that is run loads it, unless all that is asked is the version. */
const bundle = path.join(path.dirname(BUNDLE.prefix[0] ?? ''), 'start-katran-main.cjs');

function isCoverage(
  value: unknown,
): value is { result: { url: string; functions: { ranges: Range[] }[] }[] } {
  return typeof value === 'object' && value !== null && 'result' in value && Array.isArray(value.result);
}

/** How often each function of the bundle ran, by V8's own count, largest functions first. */
function functionsRun(directory: string): Range[] {
  const files = fs.readdirSync(directory).map((name) => path.join(directory, name));
  const reports = files.map((file): unknown => JSON.parse(fs.readFileSync(file, 'utf8')));
  return reports
    .flatMap((report) => (isCoverage(report) ? report.result : []))
    .filter(({ url }) => url.endsWith(bundle))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.slice(0, 1)))
    .sort((a, b) => b.endOffset - b.startOffset - (a.endOffset - a.startOffset));
}

/** Whether any of a package was run: the bundler wraps each module in a function, the largest around its text. */
function loaded(source: string, functions: readonly Range[], name: Package): boolean {
  const [, ...parts] = source.split(MARKS[name]);
  if (parts.length === 0) throw new Error(`the bundle does not hold ${MARKS[name]}, the mark of ${name}`);
  for (let at = source.indexOf(MARKS[name]); at >= 0; at = source.indexOf(MARKS[name], at + 1)) {
    const around = functions.filter((f) => f.startOffset <= at && at < f.endOffset);
    const wrapper = around.find((f) => f.endOffset - f.startOffset < source.length * 0.9);
    if (wrapper !== undefined && wrapper.count > 0 && isModule(source, wrapper)) return true;
  }
  return false;
}

/** A module's wrapper is handed to the bundler's runtime; a function of our own that names an option is not. */
function isModule(source: string, { startOffset }: Range): boolean {
  return /=[\w$]+\($/.test(source.slice(Math.max(0, startOffset - 40), startOffset));
}

describe('what a run loads', () => {
  const space = scratch();
  let machine = '';
  let source = '';
  beforeAll(() => {
    machine = copyMachine('8-2-mixed');
    source = fs.readFileSync(bundle, 'utf8');
  });
  afterAll(() => {
    space.remove();
    fs.rmSync(machine, { recursive: true });
  });

  let runs = 0;
  const coverage = (): { directory: string; env: Record<string, string> } => {
    const directory = path.join(space.path, String((runs += 1)));
    return { directory, env: { NODE_V8_COVERAGE: directory } };
  };
  const packagesOf = (directory: string): string[] => {
    const functions = functionsRun(directory);
    return Object.keys(MARKS).filter(
      (name): name is Package => name in MARKS && loaded(source, functions, name as Package),
    );
  };

  it.each([
    ['-h', ['-h']],
    ['-affinitize_only', ['-affinitize_only', '-intf', 'eth0', '-sysroot', 'MACHINE']],
    ['a preview', ['-intf', 'eth0', '-sysroot', 'MACHINE']],
  ])('%s: none of gRPC, execa, systeminformation, pino, pino-pretty', async (_name, args) => {
    const { directory, env } = coverage();
    const words = args.map((word) => (word === 'MACHINE' ? machine : word));
    expect(await runLauncher(BUNDLE, words, { env })).toMatchObject({ status: 0 });
    expect(functionsRun(directory).length).toBeGreaterThan(0);
    expect(packagesOf(directory)).toEqual([]);
  });

  it('-version: nothing of the bundle at all', async () => {
    const { directory, env } = coverage();
    expect(await runLauncher(BUNDLE, ['-version'], { env })).toMatchObject({ status: 0 });
    expect(fs.readdirSync(directory)).not.toEqual([]);
    expect(functionsRun(directory)).toEqual([]);
  });

  it('a launch: gRPC, and pino for JSON lines, which shows that this test would see them', async () => {
    const { directory, env } = coverage();
    const staged = await stageLaunch({ double: { START_DELAY: 0 } });
    try {
      const running = staged.launch(BUNDLE, ['-log_format', 'json'], { env });
      await running.isUp();
      expect(await running.stop()).toMatchObject({ status: 0 });
      expect(packagesOf(directory)).toEqual(expect.arrayContaining(['@grpc/grpc-js', 'pino']));
    } finally {
      await staged.remove();
    }
  });

  it('the binary loads next to nothing for -version, and less for writing masks than for showing them', async () => {
    const modules = async (...args: string[]): Promise<number> => {
      const order = path.join(space.path, `order-${(runs += 1)}`);
      // The runtime writes down what it loaded: a line for each module begins with M.
      const { status } = await runLauncher(BINARY, args, { env: { BUN_BYTECODE_ORDER_OUT: order } });
      expect(status).toBe(0);
      return fs.readFileSync(order, 'utf8').match(/^M /gm)?.length ?? 0;
    };
    const version = await modules('-version');
    const help = await modules('-h');
    const masks = await modules('-affinitize_only', '-intf', 'eth0', '-sysroot', machine);
    const preview = await modules('-intf', 'eth0', '-sysroot', machine);
    expect([version < help, version < masks, masks < preview]).toEqual([true, true, true]);
  });
});
