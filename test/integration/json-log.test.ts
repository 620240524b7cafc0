import fs from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ARTIFACTS, scratch, type Running } from '../support/launcher.ts';
import { stageLaunch, type StagedLaunch, type StageOptions } from '../support/staged-launch.ts';

interface Line {
  readonly msg: string;
  readonly source?: string;
  readonly stream?: string;
  readonly level: string;
  readonly more?: boolean;
}

function isLine(value: unknown): value is Line {
  return typeof value === 'object' && value !== null && 'msg' in value && 'level' in value && 'time' in value;
}

/** Every line of the output; throws when one is no JSON log line: it would have been torn. */
function linesOf(output: string): Line[] {
  const lines = Buffer.from(output, 'latin1').toString('utf8').split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((text) => {
    const value: unknown = JSON.parse(text);
    if (!isLine(value)) throw new Error(`not a log line: ${text}`);
    return value;
  });
}

/** Numbers of the flood lines, in the order they came. */
const floodNumbers = (lines: readonly Line[]): number[] =>
  lines.flatMap(({ msg }) => /^flood (\d{9}) /.exec(msg)?.[1] ?? []).map(Number);

const counting = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function relaysOf(launcherPid: number): number[] {
  const children = fs.readFileSync(`/proc/${launcherPid}/task/${launcherPid}/children`, 'utf8');
  return children
    .split(' ')
    .filter((pid) => pid !== '' && fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('__relay'))
    .map(Number);
}

function relayOf(launcher: Running): number {
  const [pid] = relaysOf(launcher.pid);
  if (pid === undefined) throw new Error('there is no relay');
  return pid;
}

const highWaterKiB = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

describe.each(ARTIFACTS)('-log_format json with $name', (artifact) => {
  let staged: StagedLaunch;
  let directory: ReturnType<typeof scratch>;
  beforeEach(() => (directory = scratch()));
  const launchWith = async (double: StageOptions['double'] = {}, within: readonly string[] = []) => {
    staged = await stageLaunch({ double: { START_DELAY: 50, ...double } });
    return staged.launch(artifact, ['-log_format', 'json'], { within });
  };
  const katranPid = async (): Promise<number> => (await staged.stage.waitFor('start')).pid;
  const flooded = () => staged.stage.waitFor('flooded');
  afterEach(async () => {
    await staged.remove();
    directory.remove();
  });

  it('wraps both of katran’s streams, with the level of its own letter, among the launcher’s lines', async () => {
    const launcher = await launchWith();
    await launcher.isUp();
    const relay = relayOf(launcher);
    const { status, stdout, stderr } = await launcher.stop();
    expect(status).toBe(0);
    expect(linesOf(stdout)).toMatchObject([
      {
        level: 'info',
        source: 'katran',
        stream: 'stdout',
        msg: `Server listening on 127.0.0.1:${staged.port}`,
      },
    ]);
    const lines = linesOf(stderr);
    const started = lines.find(({ msg }) => msg.endsWith('Starting Katran'));
    expect(started).toMatchObject({ level: 'info', source: 'katran', stream: 'stderr' });
    expect(lines.find(({ msg }) => msg.includes('skipping'))).toMatchObject({ level: 'error' });
    expect(lines.find(({ msg }) => msg === 'katran is up and running')).not.toHaveProperty('source');
    expect(lines.some(({ msg }) => msg.endsWith('Stopping Katran!'))).toBe(true);
    expect(fs.existsSync(`/proc/${relay}`)).toBe(false);
  });

  it('begins every line in the journal with its severity, katran’s as the launcher’s', async () => {
    const file = path.join(directory.path, 'journal');
    const descriptor = fs.openSync(file, 'a');
    const { dev, ino } = fs.fstatSync(descriptor, { bigint: true });
    staged = await stageLaunch();
    const launcher = staged.launch(artifact, ['-log_format', 'json'], {
      stderr: descriptor,
      env: { JOURNAL_STREAM: `${dev}:${ino}` },
    });
    fs.closeSync(descriptor);
    await expect
      .poll(() => fs.readFileSync(file, 'utf8'), { timeout: 60_000 })
      .toContain('katran is up and running');
    const { stdout } = await launcher.stop();
    const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n');
    const priorities = { info: '<6>', warn: '<4>', error: '<3>' };
    for (const line of lines) {
      const [{ level } = { level: '' }] = linesOf(`${line.slice(3)}\n`);
      expect(line.slice(0, 3)).toBe(new Map(Object.entries(priorities)).get(level));
    }
    expect(lines.find((line) => line.includes('skipping'))).toMatch(/^<3>.*"source":"katran"/);
    expect(lines.find((line) => line.includes('katran is up'))).toMatch(/^<6>\{/);
    // stdout is not the journal here.
    expect(linesOf(stdout)).toMatchObject([{ source: 'katran' }]);
  });

  it('gives katran nothing but the two write ends', async () => {
    const launcher = await launchWith();
    await launcher.isUp();
    const pid = await katranPid();
    const pipes = fs
      .readdirSync(`/proc/${pid}/fd`)
      .filter((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`).includes('start-katran-'))
      .map((fd) => ({
        fd,
        flags: /^flags:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1],
      }));
    // O_WRONLY and nothing else but O_LARGEFILE: O_NONBLOCK would make glog lose lines.
    expect(pipes.map(({ fd, flags }) => [fd, parseInt(flags ?? '', 8) & 0o4003])).toEqual([
      ['1', 1],
      ['2', 1],
    ]);
  });

  it('loses no line of 200,000 a second, on a pipe that the launcher writes to as well', async () => {
    const lines = 400_000;
    const launcher = await launchWith({ FLOOD: 200_000, FLOOD_LINES: lines }, [
      'sh',
      '-c',
      'exec "$0" "$@" 2>&1 >/dev/null | cat',
    ]);
    await flooded();
    process.kill(await katranPid(), 'SIGTERM');
    const { stdout } = await launcher.ended;
    const all = linesOf(stdout);
    expect(floodNumbers(all)).toEqual(counting(lines));
    expect(all.some(({ source }) => source !== 'katran')).toBe(true);
  });

  it.each([
    ['64 KiB', 65_536, 40],
    ['3 MiB', 3 * 1024 * 1024, 4],
  ])('keeps lines of %s, in parts, in bounded memory', async (_size, length, count) => {
    const launcher = await launchWith({ FLOOD: 1000, FLOOD_LINES: count, FLOOD_LENGTH: length });
    await flooded();
    await launcher.isUp();
    const relay = relayOf(launcher);
    expect(highWaterKiB(relay)).toBeLessThan(128 * 1024);
    const { stderr } = await launcher.stop();
    const wholes: string[] = [];
    let line = '';
    for (const { source, msg, more } of linesOf(stderr)) {
      if (source !== 'katran') continue;
      line += msg;
      if (more === true) continue;
      wholes.push(line);
      line = '';
    }
    const floods = wholes.filter((whole) => whole.startsWith('flood '));
    expect(floods.map((whole) => whole.length)).toEqual(counting(count).map(() => length - 1));
  });

  it('keeps NUL bytes', async () => {
    const launcher = await launchWith({ FLOOD: 1000, FLOOD_LINES: 20, FLOOD_LENGTH: 119, FLOOD_NUL: 1 });
    await flooded();
    const { stderr } = await launcher.stop();
    const floods = linesOf(stderr).filter(({ msg }) => msg.startsWith('flood '));
    expect(floods.map(({ msg }) => msg.slice(16))).toEqual(counting(20).map(() => '\0'.repeat(102)));
  });

  it('goes on relaying a katran that goes on, when the launcher is killed', async () => {
    const lines = 60_000;
    const launcher = await launchWith({ FLOOD: 20_000, FLOOD_LINES: lines });
    await launcher.isUp();
    const katran = await katranPid();
    const relay = relayOf(launcher);
    launcher.kill('SIGKILL');
    await once(launcher.child, 'exit');
    await flooded();
    // What signals everything in sight must not end the relay before katran has said its last.
    process.kill(relay, 'SIGTERM');
    process.kill(relay, 'SIGHUP');
    process.kill(katran, 'SIGTERM');
    const { stderr } = await launcher.ended; // when the relay has closed our pipes
    const all = linesOf(stderr);
    expect(floodNumbers(all)).toEqual(counting(lines));
    expect(all.some(({ msg }) => msg.endsWith('Stopping Katran!'))).toBe(true);
  });

  it('does not let katran die or stop when nobody reads any more', async () => {
    const launcher = await launchWith({ FLOOD: 50_000, FLOOD_LINES: 100_000 });
    await launcher.isUp();
    launcher.child.stderr?.destroy();
    launcher.child.stdout?.destroy();
    await flooded();
    launcher.kill('SIGTERM');
    await once(launcher.child, 'exit');
    expect(launcher.child.exitCode).toBe(0);
    expect(staged.stage.xdpAttached()).toBe(false);
  });

  it('holds katran up while the reader does not read, and has lost nothing when it reads again', async () => {
    const lines = 300_000;
    const launcher = await launchWith({ FLOOD: 200_000, FLOOD_LINES: lines });
    await launcher.saysOnStderr(/flood 00000/);
    launcher.child.stderr?.pause();
    await expect(staged.stage.waitFor('flooded', () => true, 2000)).rejects.toThrow();
    expect(highWaterKiB(relayOf(launcher))).toBeLessThan(128 * 1024);
    launcher.child.stderr?.resume();
    await flooded();
    await launcher.isUp();
    const { stderr } = await launcher.stop();
    expect(floodNumbers(linesOf(stderr))).toEqual(counting(lines));
  });

  it('starts another relay when one is killed, and katran does not notice', async () => {
    const launcher = await launchWith({ FLOOD: 1000, FLOOD_LINES: 3000 });
    await launcher.isUp();
    const first = relayOf(launcher);
    process.kill(first, 'SIGKILL');
    await launcher.saysOnStderr(
      /the relay of katran's output \(pid \d+\) ended with SIGKILL; starting another/,
    );
    await flooded();
    const { status, stderr } = await launcher.stop();
    expect(status).toBe(0);
    // All that the dead relay had not taken yet is there, up to the end.
    expect(floodNumbers(linesOf(stderr)).at(-1)).toBe(2999);
  });

  /** A launch of a script in katran's place, which has the double's path as $double. */
  const launchScript = async (script: string): Promise<Running> => {
    staged = await stageLaunch({ double: { START_DELAY: 50 } });
    const double = staged.flags[staged.flags.indexOf('-binary') + 1] ?? '';
    const file = path.join(staged.sysroot, 'katran.sh');
    fs.writeFileSync(file, `#!/bin/sh\ndouble='${double}'\n${script}\n`, { mode: 0o755 });
    return staged.launch(artifact, ['-log_format', 'json', '-binary', file]);
  };

  it('does not wait for a child of katran that holds the pipes when katran has ended', async () => {
    const launcher = await launchScript('sleep 60 & echo "child $!" >&2; exec "$double" "$@"');
    await launcher.isUp();
    const { status, stderr } = await launcher.stop();
    const lines = linesOf(stderr);
    process.kill(Number(/^child (\d+)$/m.exec(lines.map(({ msg }) => msg).join('\n'))?.[1]), 'SIGKILL');
    expect(status).toBe(0);
    expect(lines.some(({ msg }) => msg.endsWith('Stopping Katran!'))).toBe(true);
    expect(lines.filter(({ msg }) => msg.includes('nobody read'))).toEqual([]);
  });

  it('has katran’s last words before what it says of them', async () => {
    const launcher = await launchScript(`echo "ERROR: unknown command line flag 'x'" >&2; exit 1`);
    const { status, stderr } = await launcher.ended;
    expect(status).toBe(1);
    const messages = linesOf(stderr).map(({ msg }) => msg);
    const words = messages.findIndex((msg) => msg.startsWith('ERROR: unknown'));
    expect(words).toBeGreaterThan(-1);
    expect(messages.findIndex((msg) => msg.includes('its own lines say which'))).toBeGreaterThan(words);
  });

  it('leaves no relay behind when there is nothing to start', async () => {
    staged = await stageLaunch();
    const nobody = ['-gateway', '10.77.0.99', '-gateway_timeout', '200'];
    // `run` ends when the last process that holds its pipes has.
    const { status, stderr } = await staged.run(artifact, ['-log_format', 'json', ...nobody]);
    expect(status).toBe(1);
    expect(linesOf(stderr).at(-1)).toMatchObject({ level: 'error' });
    expect(staged.stage.journal()).toEqual([]);
  });

  it('says so and leaves katran’s lines as they are where no pipes can be made', async () => {
    staged = await stageLaunch({ double: { START_DELAY: 50 } });
    const launcher = staged.launch(artifact, ['-log_format', 'json'], { env: { TMPDIR: '/nowhere' } });
    await launcher.isUp();
    const { status, stdout, stderr } = await launcher.stop();
    expect(status).toBe(0);
    expect(stdout).toBe(`Server listening on 127.0.0.1:${staged.port}\n`);
    expect(stderr).toMatch(/"level":"warn".*katran's own lines will not be JSON.*mkfifo/);
  });
});
