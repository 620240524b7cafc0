import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFlagFile } from '../../../src/cli/flag-file.ts';
import { environmentName, parseInvocation, type Options } from '../../../src/cli/options.ts';
import { FLAGS, FLAG_NAMES } from '../../../src/cli/flags.ts';
import { UsageError } from '../../../src/failure.ts';

let directory: string;
let empty: string;
beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'start-katran-flags-'));
  empty = fileWith('');
});
afterAll(() => fs.rmSync(directory, { recursive: true }));

let files = 0;
function fileWith(content: string): string {
  const file = path.join(directory, `flags${(files += 1)}`);
  fs.writeFileSync(file, content);
  return file;
}

/** Parses with an empty flag file, so that the host's own is not read. */
function options(argv: readonly string[], environment: Record<string, string> = {}): Options {
  const invocation = parseInvocation(argv, { START_KATRAN_FLAGFILE: empty, ...environment });
  if (!('options' in invocation)) throw new Error(`no options in ${invocation.kind}`);
  return invocation.options;
}

describe('the defaults', () => {
  it('are those of the flag table in the specification', () => {
    expect(options([])).toMatchObject({
      affinitize: false,
      affinitize_only: false,
      balancer_bpf: '',
      binary: '',
      enable_hc: false,
      hc_bpf: '',
      intf: 'enp0s3',
      ipip_intf: 'ipip0',
      ipip6_intf: 'ipip60',
      lru_size: 1000000,
      map_path: '',
      map_pos: 2,
      priority: 2307,
      run: false,
      shutdown_delay: 1000,
      strategy: 'all-nodes',
      dry_run: false,
      numa_node: 0,
      cpus: undefined,
      forwarding_cores: undefined,
      max_cpus: 128,
      gateway: undefined,
      default_mac: undefined,
      server: undefined,
      hc_intf: undefined,
      start_timeout: 60000,
      gateway_timeout: 3000,
      gateway_interval: 1000,
      json: false,
      log_format: 'text',
      log_level: 'info',
      sysroot: '/',
      guard: 'warn',
    });
  });

  it('as documented are values that the flag itself takes', () => {
    for (const name of FLAG_NAMES) {
      const { type, defaultText, default: value } = FLAGS[name];
      if (value === undefined || value === '') continue;
      expect(type.parse(defaultText), name).toEqual(value);
    }
  });
});

describe('a value comes from', () => {
  const file = (): string => fileWith('lru_size=3\n');

  it('the command line before the environment before the flag file before the default', () => {
    const environment = { START_KATRAN_LRU_SIZE: '2' };
    expect(options(['-lru_size', '1', '-flagfile', file()], environment).lru_size).toBe(1);
    expect(options(['-flagfile', file()], environment).lru_size).toBe(2);
    expect(options(['-flagfile', file()]).lru_size).toBe(3);
    expect(options([]).lru_size).toBe(1000000);
  });

  it('the last of several on the command line', () => {
    expect(options(['-run', '-run=false', '-lru_size=1', '-lru_size=2'])).toMatchObject({
      run: false,
      lru_size: 2,
    });
  });

  it('an environment variable for every flag, and an empty one is not given', () => {
    expect(environmentName('lru_size')).toBe('START_KATRAN_LRU_SIZE');
    const given = options([], { START_KATRAN_CPUS: '', START_KATRAN_RUN: 'T' });
    expect(given.cpus).toBeUndefined();
    expect([...given.given]).toEqual(['run', 'flagfile']);
  });

  it('says where a bad value is from', () => {
    const bad = fileWith('# of this host\n\nlru_size=many\n');
    expect(() => options(['-lru_size=many'])).toThrow(
      /^bad value "many" for -lru_size: it takes a whole number, 1 or more$/,
    );
    expect(() => options([], { START_KATRAN_LRU_SIZE: 'many' })).toThrow('(from START_KATRAN_LRU_SIZE)');
    expect(() => options(['-flagfile', bad])).toThrow(`(from ${bad}:3)`);
  });
});

describe('a flag file', () => {
  it('has one name=value or name a line, comments, dashes or none', () => {
    const texts = parseFlagFile(
      '\uFEFF# comment\r\nrun\r\nlru-size = 7 # seven\n--map_path=/a b\n-affinitize=false\n\n  intf=eth0\n',
      'f',
    );
    expect(Object.fromEntries(Object.entries(texts).map(([name, { text }]) => [name, text]))).toEqual({
      run: 'true',
      lru_size: '7',
      map_path: '/a b',
      affinitize: 'false',
      intf: 'eth0',
    });
  });

  it.each([
    ['lru_sise=1', 'f:1: unknown flag -lru_sise; did you mean -lru_size?'],
    ['run\nlru_size', 'f:2: lru_size needs a value'],
    ['=1', 'f:1: "=1" is no flag'],
    ['flagfile=/x', 'f:1: a flag file cannot name another one'],
    ['two words', 'f:1: "two words" is no flag'],
  ])('%j is refused', (content, message) => {
    expect(() => parseFlagFile(content, 'f')).toThrow(message);
  });

  it('that is wrong in one line is wrong, also when a later line of the same flag is good', () => {
    expect(() => parseFlagFile('lru_size=x\nlru_size=5\n', 'f')).toThrow('(from f:1)');
  });

  it('may be named several times: a later one wins over an earlier one, flag by flag', () => {
    const common = fileWith('intf=eth0\nlru_size=5\n');
    const own = fileWith('intf=eth1\n');
    expect(options(['-flagfile', common, '-flagfile', own])).toMatchObject({ intf: 'eth1', lru_size: 5 });
  });

  it('that is named and missing is an error', () => {
    expect(() => options(['-flagfile', '/nonexistent/flags'])).toThrow(
      'cannot read the flag file /nonexistent/flags (from the command line): no such file',
    );
  });
});

describe('refused on the command line', () => {
  it.each([
    [['-lru_sise', '5'], 'unknown flag -lru_sise; did you mean -lru_size?'],
    [['-zzz'], /^unknown flag -zzz$/],
    [['-LRU_SIZE', '5'], 'unknown flag -LRU_SIZE; did you mean -lru_size?'],
    [['-run=maybe'], 'it takes true or false (-run, -run=true, -run=false)'],
    [['-lru_size=1e6'], 'bad value "1e6" for -lru_size: it takes a whole number'],
    [['-map_pos=99999999999'], 'bad value "99999999999" for -map_pos'],
    [['-strategy', 'fast'], '0 (sequential), 1 (same-node), 2 (all-nodes), 3 (keep)'],
    [['-cpus', '3-1'], 'bad value "3-1" for -cpus: it takes a CPU list'],
    [['-default_mac', '01:00:5e:00:00:01'], 'bad value "01:00:5e:00:00:01" for -default_mac'],
    [['-default_mac', '00:00:00:00:00:00'], '; this one is all zeros'],
    [['-default_mac', 'zz'], /^bad value "zz" for -default_mac: it takes a MAC address such as \S+$/],
    [['-lru_size=0'], 'bad value "0" for -lru_size: it takes a whole number, 1 or more'],
    [['-lru_size=-1'], 'bad value "-1" for -lru_size'],
    [['-lru_size=x', '-lru_size=5'], 'bad value "x" for -lru_size'],
    [['-binary', 'a\0b'], 'bad value "a\\x00b" for -binary'],
    [['-intf', 'eth0\x1b[2J/'], 'bad value "eth0\\x1b[2J/" for -intf'],
    [['-cpus', '\u202e1'], 'bad value "\\u202e1" for -cpus'],
    [['-lru_size', '9'.repeat(1_048_576)], '9… (1048576 characters)" for -lru_size'],
    [['stauts'], /^unknown command "stauts"; did you mean status\?$/],
    [['doctr'], /^unknown command "doctr"; did you mean doctor\?$/],
    [['doctr', '-intf', 'eth0', '-h'], /^unknown command "doctr"; did you mean doctor\?$/],
    [['help', 'doctr'], /^unknown command "doctr"; did you mean doctor\?$/],
    [['help', 'doctor', 'status'], 'unexpected argument "status": it is start-katran help [command]'],
    [['everything'], 'unknown command "everything"; the commands are doctor, status, restore, services'],
    [['-'], 'unknown command "-"'],
    [['\x1b[31m'], 'unknown command "\\x1b[31m"'],
    [['-intf', 'eth0', 'eth1'], 'unexpected argument "eth1"'],
    [['-json', 'status'], 'unexpected argument "status"'],
    [['doctor', '-json', 'true'], 'write -json=true'],
    [['doctor', '-wach'], /^unknown flag -wach$/],
    [['status', '-wach'], 'unknown flag -wach; did you mean -watch?'],
    [['doctor', '-report_file', 'x'], 'give -report too'],
    [['-gateway', '10.0.0'], 'it takes an IPv4 or IPv6 address'],
    [['-json', '-run'], '-json'],
    [['-forwarding_cores', '0-3', '-affinitize'], '-cpus'],
    [['-forwarding_cores', '0-3', '-affinitize_only'], '-cpus'],
    [['-affinity_guard', 'repair'], '-affinitize'],
    [['completion', 'tcsh'], 'completion takes one of bash, zsh, fish'],
    [['doctor', 'now'], 'unexpected argument "now"'],
    [['restore', '-run'], '-run means nothing to restore: it is for a call without a command'],
    [['-watch'], '-watch means nothing without a command: it is for status'],
    [['-handover'], 'with -map_path'],
    [['-keep_services'], 'give -services FILE'],
    [['services', 'delete'], 'unexpected argument "delete"'],
    [['services', 'save', 'x.json'], 'unexpected argument "x.json"'],
    [['services', 'restore'], 'services restore needs a file'],
    [['services', '-o', 'x.json'], '-o means something to services save only'],
    [['services', 'save', '-exact'], '-exact means something to services restore only'],
  ])('%j', (argv, message) => {
    expect(() => options(argv)).toThrow(UsageError);
    expect(() => options(argv)).toThrow(message);
  });
});

describe('commands', () => {
  const parse = (...argv: string[]) => parseInvocation(argv, { START_KATRAN_FLAGFILE: empty });
  it('services shows, saves or restores', () => {
    expect(parse('services')).toMatchObject({ kind: 'services', action: 'show', file: undefined });
    expect(parse('services', 'save', '-o', 'x')).toMatchObject({ action: 'save', options: { o: 'x' } });
    expect(parse('services', 'restore', '-exact', '-')).toMatchObject({ action: 'restore', file: '-' });
  });
  it('handover takes the interface', () => {
    expect(parse('handover', '-intf', 'eth0')).toMatchObject({ kind: 'handover', options: { intf: 'eth0' } });
  });
  it('help and version are words too', () => {
    expect(parse('help')).toEqual(parse('-h'));
    expect(parse('help', 'doctor')).toEqual(parse('doctor', '-intf', 'x', '-h'));
    expect(parse('help', 'doctor')).not.toEqual(parse('help'));
    expect(parse('version')).toEqual({ kind: 'version' });
  });
  it('a flag file speaks to all commands: what means nothing to this one is not looked at', () => {
    const flags = fileWith('run\nwatch\nkeep_services\n');
    expect(parse('restore', '-flagfile', flags)).toMatchObject({ kind: 'restore' });
  });
});

describe('affinitize from a file or the environment', () => {
  const file = (): string => fileWith('# of this host\naffinitize\n');
  const configured = (...argv: string[]): Options => options([...argv, '-flagfile', file()]);

  it('counts together with -run or -affinitize_only', () => {
    for (const flag of ['-run', '-affinitize_only', '-affinitize'])
      expect(configured(flag)).toMatchObject({ affinitize: true, affinitizeIgnored: undefined });
  });
  it('never makes a call write that was typed to look', () => {
    const looking = configured('-strategy', 'sequential');
    expect(looking.affinitize).toBe(false);
    expect(looking.affinitizeIgnored).toMatch(/:2$/);
    expect(options([], { START_KATRAN_AFFINITIZE: '1' })).toMatchObject({
      affinitize: false,
      affinitizeIgnored: 'START_KATRAN_AFFINITIZE',
    });
  });
  it('is nothing to mention when it says false', () => {
    expect(options([], { START_KATRAN_AFFINITIZE: 'false' }).affinitizeIgnored).toBeUndefined();
  });
  it('leaves the other settings of that file understandable', () => {
    const repair = fileWith('affinitize\naffinity_guard=repair\n');
    expect(options(['-flagfile', repair]).guard).toBe('repair');
    expect(configured('-forwarding_cores', '0-3').forwarding_cores).toEqual([0, 1, 2, 3]);
  });
});

describe('combinations', () => {
  it('affinitize_only implies affinitize', () => {
    expect(options(['-affinitize_only']).affinitize).toBe(true);
  });
  it('the guard repairs what is ours to write, and warns otherwise', () => {
    expect(options(['-affinitize', '-run']).guard).toBe('repair');
    expect(options(['-run']).guard).toBe('warn');
    expect(options(['-affinitize', '-affinity_guard=off']).guard).toBe('off');
  });
  it('a dry run may be printed as JSON even if -run is configured', () => {
    expect(options(['-json', '-run', '-dry_run']).json).toBe(true);
  });
  it("a command's report may be printed as JSON on a host whose flag file says run", () => {
    const flags = fileWith('run\naffinitize\n');
    for (const command of ['status', 'doctor', 'restore']) {
      expect(options([command, '-json', '-flagfile', flags]).json).toBe(true);
    }
  });
  it('an empty -flagfile is not given', () => {
    expect(options(['-flagfile='], { START_KATRAN_FLAGFILE: empty }).run).toBe(false);
  });
  it('an unknown START_KATRAN_ variable is remarked on', () => {
    expect(parseInvocation([], { START_KATRAN_FLAGFILE: empty, START_KATRAN_LRU_SISE: '1' })).toMatchObject({
      remarks: ['ignoring START_KATRAN_LRU_SISE: there is no flag -lru_sise'],
    });
  });
});
