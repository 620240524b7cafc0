import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS, SHELLS } from '../../src/cli/commands.ts';
import { FLAG_NAMES, FLAGS } from '../../src/cli/flags.ts';
import { BINARY, runLauncher, scratch } from '../support/launcher.ts';
import { openTerminal } from './terminal.ts';

const shells = fileURLToPath(new URL('shells', import.meta.url));
const directory = scratch();
const script = (shell: string): string => path.join(directory.path, `completion.${shell}`);
const interfaces = fs
  .readdirSync('/sys/class/net')
  .filter((name) => fs.lstatSync(`/sys/class/net/${name}`).isSymbolicLink())
  .sort();

beforeAll(async () => {
  for (const shell of SHELLS) {
    const { status, stdout } = await runLauncher(BINARY, ['completion', shell]);
    expect(status).toBe(0);
    fs.writeFileSync(script(shell), stdout);
  }
  fs.writeFileSync(path.join(directory.path, 'balancer.bpf.o'), '');
  fs.writeFileSync(path.join(directory.path, 'bank holiday.o'), '');
});
afterAll(() => directory.remove());

function lines(words: readonly [string, ...string[]]): string[] {
  const [file, ...args] = words;
  const run = spawnSync(file, args, { encoding: 'utf8', cwd: directory.path, timeout: 60_000 });
  expect(run.error, `${file} runs`).toBeUndefined();
  expect(run.stderr).toBe('');
  return run.stdout.split('\n').filter((line) => line !== '');
}

/** What a shell offers at the end of a line, without descriptions, sorted. */
type Ask = (line: string, script?: string) => string[];

/** As readline cuts a line into words: at spaces, and around each `=`. */
const readlineWords = (line: string): string[] =>
  line.split(' ').flatMap((word) => {
    const cut = word.split(/(=)/).filter((part) => part !== '');
    return cut.length === 0 ? [''] : cut;
  });

const ASK: Record<string, Ask> = {
  bash: (line, file = script('bash')) =>
    lines(['bash', '--norc', path.join(shells, 'complete.bash'), file, ...readlineWords(line)]).sort(),
  zsh: (line, file = script('zsh')) =>
    lines(['zsh', '-f', path.join(shells, 'complete.zsh'), file, line]).sort(),
  fish: (line, file = script('fish')) =>
    lines(['fish', '--no-config', path.join(shells, 'complete.fish'), file, line])
      .map((offer) => offer.split('\t')[0] ?? '')
      .sort(),
};

/** fish and bash give a value with its `-name=` where it was typed so. */
const values = (offers: readonly string[]): string[] => offers.map((offer) => offer.replace(/^-[^=]*=/, ''));

describe.each(Object.entries(ASK))('completion in %s', (_shell, ask) => {
  it('offers the commands as the first word', () => {
    const offers = ask('start-katran ').filter((word) => !word.startsWith('-'));
    expect(offers).toEqual(Object.keys(COMMANDS).sort());
  });

  it('offers every flag after one dash', () => {
    const offers = ask('start-katran -');
    expect(FLAG_NAMES.filter((name) => !offers.includes(`-${name}`))).toEqual([]);
  });

  it.each([
    ['start-katran -affinitize', ['-affinitize', '-affinitize_only']],
    ['start-katran --aff', ['--affinitize', '--affinitize_only', '--affinity_guard']],
    ['start-katran -run -lru', ['-lru_size']],
    ['start-katran status -js', ['-json']],
    ['start-katran completion ', [...SHELLS].sort()],
    ['start-katran completion z', ['zsh']],
    ['start-katran services s', ['save']],
    ['start-katran services -ex', ['-exact']],
    ['start-katran services restore bal', ['balancer.bpf.o']],
    ['start-katran help d', ['doctor']],
    ['start-katran -strategy ', ['all-nodes', 'keep', 'same-node', 'sequential']],
    ['start-katran -run --strategy s', ['same-node', 'sequential']],
    ['start-katran -affinity_guard r', ['repair']],
    ['start-katran -affinity-guard r', ['repair']],
    ['start-katran --log-format ', ['json', 'text']],
    ['start-katran doctor -log_level w', ['warn']],
    ['start-katran -intf ', interfaces],
    ['start-katran -affinitize -hc_intf ', interfaces],
    ['start-katran -lru_size ', []],
  ])('%j', (line, offered) => {
    expect(ask(line)).toEqual(offered);
  });

  it.each([
    ['start-katran -strategy=', ['all-nodes', 'keep', 'same-node', 'sequential']],
    ['start-katran --strategy=k', ['keep']],
    ['start-katran -log-level=e', ['error']],
    ['start-katran -run=', ['false', 'true']],
    ['start-katran doctor --json=t', ['true']],
    ['start-katran -intf=', interfaces],
    ['start-katran -balancer_bpf=bal', ['balancer.bpf.o']],
  ])('%j gives values', (line, offered) => {
    expect(values(ask(line))).toEqual(offered);
  });

  it('offers files where a path is taken, and after --', () => {
    expect(ask('start-katran -balancer_bpf bal')).toEqual(['balancer.bpf.o']);
    expect(ask('start-katran -run -- bal')).toContain('balancer.bpf.o');
    expect(ask('start-katran -intf bal')).toEqual([]);
  });

  it('offers no value after a boolean', () => {
    expect(ask('start-katran -run ')).not.toContain('true');
  });
});

describe('how the shells get at the script', () => {
  it('shows descriptions in fish', () => {
    const [offer] = lines([
      'fish',
      '--no-config',
      path.join(shells, 'complete.fish'),
      script('fish'),
      'start-katran -lru',
    ]);
    expect(offer).toBe(`-lru_size\t${FLAGS.lru_size.help}`);
  });

  it('works as an autoloaded function of zsh', () => {
    const file = path.join(directory.path, '_start-katran');
    fs.copyFileSync(script('zsh'), file);
    expect(ASK.zsh?.('start-katran -strategy k', file)).toEqual(['keep']);
  });

  it.each([
    ['start-katran -balancer_bpf ban', 'start-katran -balancer_bpf bank\\ holiday.o'],
    ['start-katran -balancer_bpf=ban', 'start-katran -balancer_bpf=bank\\ holiday.o'],
    ['start-katran -strategy=ke', 'start-katran -strategy=keep'],
    ['start-katran -affinity-g', 'start-katran -affinity-guard'],
  ])('at the prompt of an interactive bash, %j and Tab give %j', async (typed, completed) => {
    const terminal = openTerminal('bash --norc', directory.path);
    try {
      terminal.type("PS1='$ '; source ./completion.bash; clear", 'Enter');
      await terminal.shows(/^\$ $/m);
      terminal.type(typed, 'Tab');
      expect(await terminal.shows(new RegExp(`^\\$ ${typed}..`, 'm'))).toContain(`$ ${completed}`);
    } finally {
      terminal.close();
    }
  });
});
