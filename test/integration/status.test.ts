import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ARTIFACTS, runLauncher, type Artifact, type Ended, type Running } from '../support/launcher.ts';
import { stageLaunch, type StagedLaunch } from '../support/staged-launch.ts';
import { HAS_TMUX, Terminal } from '../support/terminal.ts';

/** Every file below a directory with its content. */
function contents(directory: string): Record<string, string> {
  const files: [string, string][] = [];
  // By hand: the runtime's own recursion follows links, and /sys is full of circles.
  const walk = (folder: string): void => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) walk(file);
      else if (entry.isFile()) files.push([file, fs.readFileSync(file, 'utf8')]);
    }
  };
  walk(directory);
  return Object.fromEntries(files);
}

/** Adds to the counters of an IRQ on a CPU of an 8-CPU machine. */
function interrupt(staged: StagedLaunch, irq: number, cpu: number, count: number): void {
  const file = path.join(staged.sysroot, 'proc/interrupts');
  const text = fs.readFileSync(file, 'utf8').replace(new RegExp(`^ *${irq}:.*$`, 'm'), (line) => {
    const start = line.indexOf(':') + 1;
    const at = start + cpu * 11;
    const now = Number(line.slice(at, at + 11)) + count;
    return line.slice(0, at) + String(now).padStart(11) + line.slice(at + 11);
  });
  fs.writeFileSync(`${file}.new`, text);
  fs.renameSync(`${file}.new`, file);
}

let staged: StagedLaunch;
let terminal: Terminal | undefined;
afterEach(async () => {
  terminal?.close();
  terminal = undefined;
  await staged.remove();
});

const where = (): string[] => ['-server', `127.0.0.1:${staged.port}`, '-sysroot', staged.sysroot];
const status = (artifact: Artifact, ...more: string[]): Promise<Ended> =>
  runLauncher(artifact, ['status', ...where(), ...more]);

/** A launch that does not correct what the test changes. */
async function up(artifact: Artifact): Promise<Running> {
  staged = await stageLaunch({ double: { START_DELAY: 0 } });
  const launcher = staged.launch(artifact, [
    '-affinitize',
    ...['-affinity_guard', 'off', '-default_mac', '96:a3:21:a5:07:cb'],
  ]);
  await launcher.isUp();
  return launcher;
}

describe.each(ARTIFACTS)('status, with $name', (artifact) => {
  it('of a good launch: everything on 24 lines of 80 ASCII columns, exit 0', async () => {
    await up(artifact);
    const { status: code, stdout, stderr } = await status(artifact);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // Other katrans of this machine are told of too: those of other tests.
    const lines = stdout
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('note (second-katran)'));
    expect(lines.length).toBeLessThanOrEqual(24);
    for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]{0,80}$/);
    expect(stdout).toMatch(/^katran +up, pid \d+ on 127\.0\.0\.1:\d+, since \d{4}\/\d\d\/\d\d /);
    expect(stdout).toContain('96:a3:21:a5:07:cb, the same as gateway 10.77.0.1 on eth0');
    expect(stdout).toContain("8 receive queues, as planned on katran's forwarding cores 0-7");
    expect(stdout).toContain('| 0* q0    0 | 1* q2    0 | 2* q4    0 | 3* q6    0 |');
    expect(lines.at(-1)).toBe('nothing wrong');
  });

  it('of a launch that keeps masks of several CPUs: judged by where the kernel delivers, nothing wrong', async () => {
    staged = await stageLaunch({ double: { START_DELAY: 0 } });
    for (let queue = 0; queue < 8; queue += 1) {
      staged.writeKernelFile(`proc/irq/${29 + 2 * queue}/smp_affinity`, 'ff\n');
      staged.writeKernelFile(`proc/irq/${29 + 2 * queue}/effective_affinity_list`, `${queue}\n`);
    }
    const launcher = staged.launch(artifact, [...['-strategy', 'keep', '-default_mac', '96:a3:21:a5:07:cb']]);
    await launcher.isUp();
    const { status: code, stdout } = await status(artifact);
    expect(stdout).toContain('nothing wrong');
    expect(code).toBe(0);
    expect((await launcher.stop()).stderr).not.toMatch(/irq \d+ .* again/);
  });

  it('a katran that takes more than a second to answer, as on a loaded host, is no silent one', async () => {
    await up(artifact);
    staged.stage.control({ LATE: 1200 });
    const { status: code, stdout } = await status(artifact);
    expect(stdout).toContain('nothing wrong');
    expect(code).toBe(0);
  });

  it('only reads: no file changes, katran gets no changeMac', async () => {
    await up(artifact);
    const files = contents(staged.sysroot);
    const changes = staged.stage.journal().filter(({ event }) => event === 'changeMac').length;
    await status(artifact);
    expect(contents(staged.sysroot)).toEqual(files);
    expect(staged.stage.journal().filter(({ event }) => event === 'changeMac')).toHaveLength(changes);
  });

  it('leaves no connection behind: katran ends at once after it', async () => {
    const launcher = await up(artifact);
    await status(artifact);
    const { status: code, stderr } = await launcher.stop();
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/SIGKILL/);
  });

  it('katran is down: says so, shows where the queues are, exit 3', async () => {
    staged = await stageLaunch();
    const { status: code, stdout } = await status(artifact, '-intf', 'eth0');
    expect(code).toBe(3);
    expect(stdout).toMatch(/^katran +down, nothing listens on /);
    expect(stdout).toMatch(/\| 0 q0 +0 \|/);
    expect(stdout).toMatch(/^WRONG \(katran-down\): katran is down: nothing listens on 127\.0\.0\.1:\d+; /m);
  });

  it('everything wrong at once: one line each, exit 3, the same in JSON', async () => {
    await up(artifact);
    staged.writeKernelFile('proc/irq/29/smp_affinity', '8\n');
    const arp = path.join(staged.sysroot, 'proc/net/arp');
    fs.writeFileSync(arp, fs.readFileSync(arp, 'utf8').replace('96:a3:21:a5:07:cb', '96:a3:21:a5:07:cc'));
    const { status: code, stdout } = await status(artifact);
    expect(code).toBe(3);
    const wrong = stdout.split('\n').filter((line) => line.startsWith('WRONG'));
    expect(wrong).toEqual([
      expect.stringMatching(/^WRONG \(mac-differs\): .*96:a3:21:a5:07:cb.*96:a3:21:a5:07:cc/),
      expect.stringMatching(
        /^WRONG \(affinity-differs\): 1 of 8 .*irq 29 \(virtio1-input\.0\) on CPU 3, planned 0;/,
      ),
    ]);
    expect(stdout).toContain('not as planned');
    const json = await status(artifact, '-json');
    expect(json.status).toBe(3);
    expect(json.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      version: 1,
      ok: false,
      interface: 'eth0',
      katran: {
        up: true,
        address: `127.0.0.1:${staged.port}`,
        pid: staged.stage.journal().find(({ event }) => event === 'start')?.pid,
        mode: 'standalone',
        forwarding_cores: [0, 4, 1, 5, 2, 6, 3, 7],
        numa_nodes: [0, 1, 0, 1, 0, 1, 0, 1],
        mac: '96:a3:21:a5:07:cb',
      },
      gateway: { address: '10.77.0.1', mac: '96:a3:21:a5:07:cc', interface: 'eth0' },
      problems: [{ code: 'mac-differs' }, { code: 'affinity-differs' }],
    });
  });

  it('interrupts and fallback packets of the moment, per second', async () => {
    await up(artifact);
    let packets = 0;
    const traffic = setInterval(() => {
      interrupt(staged, 31, 4, 50);
      staged.stage.setFallback((packets += 10));
    }, 20);
    const { status: code, stdout } = await status(artifact, '-json').finally(() => clearInterval(traffic));
    expect(code).toBe(3);
    const report: unknown = JSON.parse(stdout);
    expect(report).toMatchObject({ problems: [{ code: 'fallback-grows' }] });
    const rates = report as {
      interrupts_per_second: Record<string, number>;
      queues: { per_second: number }[];
    };
    expect(Object.keys(rates.interrupts_per_second)).toEqual(['4']);
    expect(rates.queues.map(({ per_second }) => per_second > 0)).toEqual([
      ...[false, true, false, false, false, false, false, false],
    ]);
  });

  it('-watch needs a terminal and does not print JSON: usage errors, exit 2', async () => {
    staged = await stageLaunch();
    const piped = await status(artifact, '-watch');
    expect(piped).toMatchObject({ status: 2, stdout: '' });
    expect(piped.stderr).toMatch(/-watch draws on a terminal/);
    expect(await status(artifact, '-watch', '-json')).toMatchObject({ status: 2, stdout: '' });
  });
});

// Only a terminal shows what -watch draws; tmux is the terminal here.
describe.skipIf(!HAS_TMUX).each(ARTIFACTS)(
  'status -watch on a terminal (needs tmux), with $name',
  (artifact) => {
    const watch = (env: Record<string, string> = {}, rows = 24): Terminal =>
      (terminal = new Terminal(
        [artifact.file, ...artifact.prefix, 'status', '-watch', ...where()],
        { LC_ALL: 'C.UTF-8', ...env },
        80,
        rows,
      ));

    it('follows what changes, and Ctrl-C brings back the screen that was', async () => {
      await up(artifact);
      const screen = watch();
      const first = await screen.shows(/nothing wrong/);
      expect(first).toContain('│ 0* q0');
      expect(first).not.toContain('before');
      expect(screen.alternateScreen()).toBe(true);
      staged.writeKernelFile('proc/irq/29/smp_affinity', '8\n');
      expect(await screen.shows(/WRONG/)).toMatch(/irq 29/);
      screen.press('C-c');
      const after = await screen.shows(/ended with 3/);
      expect(after.split('\n').slice(0, 2)).toEqual(['before', 'ended with 3']);
      expect({ alternate: screen.alternateScreen(), cursor: screen.cursorVisible() }).toEqual({
        alternate: false,
        cursor: true,
      });
      expect(screen.history()).not.toContain('NUMA');
    });

    it('fits a terminal that gets smaller, says which lines are shown, and scrolls to the others; q ends it', async () => {
      await up(artifact);
      const screen = watch();
      await screen.shows(/nothing wrong/);
      screen.resize(60, 12);
      // A frame as the terminal cut it may be seen before the one that was drawn for it.
      await screen.shows(/start-katran status[^]*lines 1-10 of \d+: arrows/);
      screen.press('End');
      await screen.shows(/start-katran status[^]*lines (?!1-)\d+-(\d+) of \1: arrows/);
      screen.press('Home');
      await screen.shows(/lines 1-10 of/);
      screen.press('q');
      await screen.shows(/ended with 0/);
    });

    it('a line as wide as the terminal keeps its last character', async () => {
      await up(artifact);
      for (const irq of [29, 31, 33]) staged.writeKernelFile(`proc/irq/${irq}/smp_affinity`, '80\n');
      const wide = watch({}, 60);
      await wide.shows(/WRONG/);
      for (const columns of [79, 78, 77, 76, 75, 74]) {
        wide.resize(columns, 60);
        const words =
          "irq 29 (virtio1-input.0) on CPU 7, planned 0; irq 31 (virtio1-input.1) on CPU 7, planned 4; irq 33 (virtio1-input.2) on CPU 7, planned 1; pin them back with -affinitize_only and the launch's own flags";
        const whole = words.replaceAll(/[()[\].]/g, '\\$&').replaceAll(' ', '\\s+');
        await wide.shows(new RegExp(whole));
      }
    });

    it('colours load, and leaves colours out for NO_COLOR', async () => {
      await up(artifact);
      const traffic = setInterval(() => interrupt(staged, 31, 4, 500), 20);
      try {
        const screen = watch();
        await screen.shows(/4\* q1 +\d+k/);
        expect(screen.colouredScreen()).toContain('\x1b[31m');
        screen.close();
        const plain = watch({ NO_COLOR: '1', LC_ALL: 'C' });
        await plain.shows(/4\* q1 +\d+k/);
        // eslint-disable-next-line no-control-regex -- an escape begins a colour
        expect(plain.colouredScreen()).not.toMatch(/\x1b\[[\d;]*m/);
        expect(plain.screen()).toMatch(/^[\x20-\x7e\n]*$/);
      } finally {
        clearInterval(traffic);
      }
    });
  },
);
