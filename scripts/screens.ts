/**
 * `npm run screens`: what an operator sees on a terminal of 80x24, written to docs/screens. tmux is the terminal, a recorded
 * machine (8 CPUs, 2 NUMA nodes) the host, the tests' stand-in plays katran. Needs tmux and a built dist.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openTerminal } from '../test/packaging/terminal.ts';
import { makeSandbox } from '../test/packaging/sandbox.ts';

const home = fileURLToPath(new URL('..', import.meta.url));
const folder = path.join(home, 'docs/screens');

/** Short paths, which do not wrap: links to the sandbox's own for as long as this runs. */
const HOST = '/tmp/host';
const KATRAN = '/tmp/katran';

interface Screen {
  readonly name: string;
  readonly caption: string;
  readonly typed: string;
  /** What must be on the screen before it is taken. */
  readonly shows: RegExp;
  /** Keys pressed then, and what must follow. */
  readonly then?: { readonly key: string; readonly shows: RegExp };
  /** How the stand-in is to end. */
  readonly crash?: string;
  /** A katran runs meanwhile, and its NIC takes packets. */
  readonly withKatran?: boolean;
}

const LAUNCH = `start-katran -affinitize -run -intf eth0 -balancer_bpf ${KATRAN}/balancer.bpf.o`;
const BACK = /^# $/m;

const SCREENS: readonly Screen[] = [
  {
    name: 'preview',
    caption:
      'The preview: where each queue would go, the gateway, and what katran would be told. Nothing is changed.',
    typed: 'start-katran -intf eth0',
    shows: BACK,
  },
  {
    name: 'doctor',
    caption:
      'The end of `start-katran doctor`: one line a check, what it means, and the command that fixes it.',
    typed: 'start-katran doctor -intf eth0',
    shows: BACK,
  },
  {
    name: 'failing-launch',
    caption:
      'A launch that cannot work ends before anything is written or started, with one line that says why.',
    typed: `start-katran -affinitize -run -intf eth0 -balancer_bpf ${KATRAN}/balancer.o; echo "status $?"`,
    shows: /^status \d+$/m,
  },
  {
    name: 'refused-launch',
    caption: 'What katran would abort for is refused before it is started, with the way out.',
    typed: `${LAUNCH} -map_path ${KATRAN}/none; echo "status $?"`,
    shows: /^status \d+$/m,
  },
  {
    name: 'launch',
    caption: 'A good launch: masks, start, the MAC read back.',
    typed: LAUNCH,
    shows: /katran is up and running/,
  },
  {
    name: 'dying-katran',
    caption:
      'A katran that dies of a defect of its own: what it died of, what it has left, and its exit status.',
    typed: `${LAUNCH}; echo "status $?"`,
    shows: /^status \d+$/m,
    crash: '1500=SIGSEGV',
  },
  {
    name: 'ctrl-c',
    caption: 'Ctrl-C on a running launcher: katran is stopped in order.',
    typed: `${LAUNCH}; echo "status $?"`,
    shows: /katran is up and running/,
    then: { key: 'C-c', shows: /^status \d+$/m },
  },
  {
    name: 'status',
    caption:
      '`start-katran status -watch`, drawn again every second: the load of each queue, where it lands.',
    typed: 'start-katran status -watch -intf eth0',
    shows: /[1-9]\d* +│/,
    withKatran: true,
  },
];

/** The same picture on every run: times, process ids and ports are those of the example. */
function steady(screen: string): string {
  return screen
    .replace(/\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/g, '2026/11/22 12:00:00')
    .replace(
      /([IWEF])\d{8} \d\d:\d\d:\d\d\.\d{6}( +)(\d+)/g,
      (_all, level: string, gap: string, pid: string) =>
        `${level}20261122 12:00:00.000000${gap}${'12345678'.slice(0, pid.length)}`,
    )
    .replace(/katran, pid (\d+):/g, (_all, pid: string) => `katran, pid ${'12345678'.slice(0, pid.length)}:`)
    .replace(/\(pid (\d+)\)/g, (_all, pid: string) => `(pid ${'12345678'.slice(0, pid.length)})`)
    .replace(/pid \d+ on/g, (all) => `pid ${'12345678'.slice(0, all.length - 7)} on`)
    .replace(/(start-katran status) \d\d:\d\d:\d\d/g, '$1 12:00:00')
    .replace(/(start-katran-(?:8-2-mixed|test)-)\w{6}/g, '$1XXXXXX')
    .replace(/127\.0\.0\.1:\d{5}/g, '127.0.0.1:50051')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n*$/, '\n');
}

/** Interrupts as a NIC under load makes them, queue k at (k+1)·1000 a second, on the CPU its mask says. */
function takePackets(sysroot: string): { stop(): void } {
  const file = path.join(sysroot, 'proc/interrupts');
  const found = fs.readFileSync(file, 'utf8').split('\n');
  const cpus = (found[0] ?? '').trim().split(/\s+/).length;
  const began = Date.now();
  const write = (): void => {
    const lines = found.map((line) => {
      const [, irq, counts = '', rest = '', queue] =
        new RegExp(`^ *(\\d+):((?: +\\d+){${cpus}})(.*virtio1-input\\.(\\d+).*)$`).exec(line) ?? [];
      if (irq === undefined) return line;
      const mask = fs.readFileSync(path.join(sysroot, `proc/irq/${irq}/smp_affinity`), 'utf8').trim();
      const cpu = Math.log2(Number.parseInt(mask, 16));
      const more = Math.round((Date.now() - began) * (Number(queue) + 1));
      const numbers = counts.trim().split(/\s+/).map(Number);
      return `${irq.padStart(3)}: ${numbers.map((n, at) => String(at === cpu ? n + more : n).padStart(10)).join(' ')}${rest}`;
    });
    fs.writeFileSync(`${file}.new`, lines.join('\n'));
    fs.renameSync(`${file}.new`, file);
  };
  const timer = setInterval(write, 100);
  return { stop: () => clearInterval(timer) };
}

async function take(screen: Screen): Promise<string> {
  const sandbox = await makeSandbox();
  fs.symlinkSync(sandbox.env.START_KATRAN_SYSROOT ?? '', HOST);
  fs.symlinkSync(sandbox.rewrite('/usr/lib/katran/').replace(/\/$/, ''), KATRAN);
  const env: Record<string, string> = {
    ...sandbox.env,
    START_KATRAN_SYSROOT: HOST,
    PS1: '# ',
    TERM: 'screen',
  };
  if (screen.crash !== undefined) env['KATRAN_DOUBLE_CRASH'] = screen.crash;
  const launches = /-run|status/.test(screen.typed);
  if (launches) Object.assign(env, sandbox.launchEnv);
  const katran =
    screen.withKatran === true
      ? spawn('bash', ['--norc', '-c', `exec ${LAUNCH}`], { env, stdio: ['ignore', 'ignore', 'pipe'] })
      : undefined;
  let packets: { stop(): void } | undefined;
  const exports = Object.entries(env)
    .map(([name, value]) => `${name}='${value}'`)
    .join(' ');
  const terminal = openTerminal(`env -i ${exports} bash --norc --noprofile`, sandbox.cwd);
  try {
    if (katran !== undefined) {
      let log = '';
      for await (const chunk of katran.stderr) {
        log += String(chunk);
        if (log.includes('katran is up and running')) break;
      }
      packets = takePackets(sandbox.env.START_KATRAN_SYSROOT ?? '');
    }
    await terminal.shows(BACK);
    terminal.type(screen.typed, 'Enter');
    await terminal.shows(screen.shows);
    // What follows the line that was waited for is a matter of milliseconds; the screen should be at rest.
    await pause(screen.withKatran === true ? 3000 : 500);
    if (screen.then !== undefined) {
      terminal.type('', screen.then.key);
      await terminal.shows(screen.then.shows);
    }
    return terminal.screen();
  } finally {
    packets?.stop();
    terminal.type('', 'C-c');
    await pause(300);
    terminal.close();
    if (katran !== undefined) {
      katran.stderr.resume();
      katran.kill('SIGTERM');
      if (katran.exitCode === null) await once(katran, 'close');
    }
    fs.rmSync(HOST, { force: true });
    fs.rmSync(KATRAN, { force: true });
    await sandbox.remove();
  }
}

const only = process.argv.slice(2);
const wanted = SCREENS.filter(({ name }) => only.length === 0 || only.includes(name));
fs.mkdirSync(folder, { recursive: true });
for (const screen of wanted) {
  let picture = await take(screen);
  // Somebody else's stand-in on this host is no part of the picture.
  for (let tries = 0; picture.includes('second-katran') && tries < 20; tries += 1)
    picture = await take(screen);
  fs.writeFileSync(path.join(folder, `${screen.name}.txt`), steady(picture));
  process.stdout.write(`written: docs/screens/${screen.name}.txt\n`);
}
fs.writeFileSync(
  path.join(folder, 'README.md'),
  [
    '# Screens',
    '',
    'A terminal of 80x24, as an operator sees it; made by `npm run screens` with tmux on a recorded machine (8 CPUs, 2 NUMA',
    'nodes, below `-sysroot`) and a stand-in for katran. Times are made equal.',
    ...SCREENS.flatMap(({ name, caption }) => ['', `## [${name}](${name}.txt)`, '', caption]),
    '',
  ].join('\n'),
);
