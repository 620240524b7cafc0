import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ARTIFACTS, runLauncher, scratch } from '../support/launcher.ts';
import { makeMachine } from '../support/machines.ts';

/** Log lines without their time. */
const logged = (stderr: string): string[] =>
  stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, ''));

describe.each(ARTIFACTS)('what contract.md promises, with $name', (artifact) => {
  let directory: ReturnType<typeof scratch>;
  const at = (name: string): string => path.join(directory.path, name);
  const run = (...args: string[]) =>
    runLauncher(artifact, ['-sysroot', directory.path, '-gateway_timeout', '0', ...args]);

  beforeEach(() => {
    directory = scratch();
    makeMachine(directory.path, {
      cpus: 3,
      firstIrq: 19,
      nics: [{ name: 'enp0s3', driver: 'e1000', vectors: ['enp0s3'], intx: true }],
    });
  });
  afterEach(() => directory.remove());

  it('the example of the specification, byte for byte', async () => {
    const { status, stdout, stderr } = await run(
      ...['-affinitize', '-balancer_bpf', '/x/balancer.bpf.o', '-binary', '/x/katran_server_grpc'],
      ...['-map_path', '/sys/fs/bpf/jmp_enp0s3', '-lru_size', '1000'],
    );
    expect(status).toBe(0);
    const lines = stdout.split('\n');
    const argumentLine =
      '-balancer_prog=/x/balancer.bpf.o -intf=enp0s3 -hc_forwarding=false -map_path=/sys/fs/bpf/jmp_enp0s3 -prog_pos=2 -ipip_intf=ipip0 -ipip6_intf=ipip60 -priority=2307 -lru_size=1000 -shutdown_delay=1000 -forwarding_cores=0 -numa_nodes=0';
    expect(lines).toContain(argumentLine);
    expect(lines.indexOf('number of CPUs 3')).toBeGreaterThanOrEqual(0);
    expect(lines.indexOf('number of CPUs 3')).toBeLessThan(lines.indexOf(argumentLine));
    expect(logged(stderr)).toContain('affinitizing irq 19 to cpu 0 mask 00000001');
    expect(fs.readFileSync(at('proc/irq/19/smp_affinity'), 'utf8').trim()).toBe('00000001');
  });

  it('healthchecking, hc_intf, server and the arguments after -- come at their places, quoted where a shell would split', async () => {
    const { stdout } = await run(
      ...['-enable_hc', '-hc_bpf=/h c.o', '-hc_intf', 'eth9', '-server', '[::1]:7', '--', '-v=2', "it's"],
    );
    expect(stdout).toContain(
      "-hc_forwarding=true -map_path= -prog_pos=2 -ipip_intf=ipip0 -ipip6_intf=ipip60 -priority=2307 -lru_size=1000000 -shutdown_delay=1000 '-healthchecker_prog=/h c.o' -forwarding_cores=0 -numa_nodes=0 -hc_intf=eth9 -server=[::1]:7 -v=2 'it'\\''s'\n",
    );
  });

  it.each([
    ['nothing', [], false],
    ['-affinitize', ['-affinitize'], true],
    ['-affinitize_only', ['-affinitize_only'], true],
    ['-affinitize_only -run', ['-affinitize_only', '-run'], true],
    ['-dry_run -affinitize -run', ['-dry_run', '-affinitize', '-run'], false],
    ['-dry_run -affinitize_only', ['-dry_run', '-affinitize_only'], false],
    ['-affinitize -strategy keep', ['-affinitize', '-strategy', 'keep', '-cpus', '0'], false],
  ])('%s: masks are written or not, katran is never started, exit 0', async (_given, args, writes) => {
    const before = fs.readFileSync(at('proc/irq/19/smp_affinity'), 'utf8');
    if (args.includes('keep')) fs.writeFileSync(at('proc/irq/19/smp_affinity'), '2\n');
    const { status, stdout, stderr } = await run('-binary', '/nonexistent', ...args);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const after = fs.readFileSync(at('proc/irq/19/smp_affinity'), 'utf8');
    if (args.includes('keep')) expect(after).toBe('2\n');
    else expect(after.trim()).toBe(writes ? '00000001' : before.trim());
    const previews = !args.some((argument) => argument === '-affinitize_only') || args.includes('-dry_run');
    expect(stdout.includes('-forwarding_cores=')).toBe(previews);
  });

  it('affinitize from a file or the environment writes nothing by itself, and the last line says so', async () => {
    const before = fs.readFileSync(at('proc/irq/19/smp_affinity'), 'utf8');
    fs.writeFileSync(at('flags'), '# of this host\naffinitize\n');
    const { status, stderr, stdout } = await run('-strategy', 'sequential', '-flagfile', at('flags'));
    expect(status).toBe(0);
    expect(logged(stderr).at(-1)).toBe(
      `nothing was written: affinitize (from ${at('flags')}:2) counts only together with -run or -affinitize_only; type -affinitize to write the masks now`,
    );
    expect(stdout).toContain('-forwarding_cores=');
    expect(fs.readFileSync(at('proc/irq/19/smp_affinity'), 'utf8')).toBe(before);
    await run('-affinitize_only', '-flagfile', at('flags'));
    expect(fs.readFileSync(at('proc/irq/19/smp_affinity'), 'utf8').trim()).toBe('00000001');
  });

  it('a flag file that does not end is one line and exit 2, not a wait', async () => {
    spawnSync('mkfifo', [at('fifo')]);
    for (const file of [at('fifo'), '/dev/zero', at('')]) {
      const { status, stderr } = await run('-flagfile', file);
      expect(stderr).toMatch(/^cannot read the flag file [^\n]*\nrun 'start-katran -h' for the flags\n$/);
      expect(status).toBe(2);
    }
    expect(await run('-flagfile', '/dev/stdin')).toMatchObject({ status: 2 });
  });

  it.each([
    [['doctor', '-h'], /^Usage: start-katran doctor/],
    [['help', 'doctor'], /^Usage: start-katran doctor/],
    [['help'], /^Usage: start-katran \[flags\]/],
    [['version'], /^start-katran \d+\.\d+\.\d+\n$/],
  ])('%j is answered on stdout, exit 0', async (args, text) => {
    const answered = await runLauncher(artifact, args);
    expect(answered).toMatchObject({ status: 0, stderr: '' });
    expect(answered.stdout).toMatch(text);
  });

  it.each([
    [['doctr'], 'unknown command "doctr"; did you mean doctor?'],
    [['restore', '-run'], '-run means nothing to restore: it is for a call without a command'],
    [['-lru_size=x', '-lru_size=5'], 'bad value "x" for -lru_size: it takes a whole number, 1 or more'],
    [
      ['-intf', '\u001b[2J\u202e\n'],
      "bad value \"\\x1b[2J\\u202e\\x0a\" for -intf: it takes an interface's name (1 to 15 bytes, no '/', ':' or space)",
    ],
  ])('%j is refused in one line that can be read, exit 2', async (args, line) => {
    expect(await runLauncher(artifact, args)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `${line}\nrun 'start-katran -h' for the flags\n`,
    });
  });

  it('-json prints one document with everything of the plan', async () => {
    const { stdout, status } = await run('-json', '-default_mac', '52-54-0-12-35-2', '-binary', '/x/k');
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      interface: 'enp0s3',
      strategy: 'all-nodes',
      cpus: { possible: 3, online: [0, 1, 2] },
      nodes: [{ id: 0, cpus: [0, 1, 2] }],
      nics: [{ name: 'enp0s3', driver: 'e1000', node: 0 }],
      vectors: [
        {
          nic: 'enp0s3',
          irq: 19,
          name: 'enp0s3',
          role: 'receive',
          queue: 0,
          cpu: 0,
          node: 0,
          mask: '00000001',
          current: '00000007',
        },
      ],
      forwarding_cores: [0],
      numa_nodes: [0],
      gateway: { address: null, mac: '52:54:00:12:35:02', interface: 'enp0s3' },
      warnings: [],
    });
    const plan: unknown = JSON.parse(stdout);
    expect(plan).toHaveProperty('command', [
      '/x/k',
      ...'-balancer_prog= -intf=enp0s3 -hc_forwarding=false -map_path= -prog_pos=2 -ipip_intf=ipip0'.split(
        ' ',
      ),
      ...'-ipip6_intf=ipip60 -priority=2307 -lru_size=1000000 -shutdown_delay=1000'.split(' '),
      ...'-forwarding_cores=0 -numa_nodes=0 -default_mac=52:54:00:12:35:02'.split(' '),
    ]);
  });

  it('a dry run of a launch without -affinitize warns of receive IRQs that are elsewhere; with it, or without -run, it does not', async () => {
    const mac = ['-json', '-dry_run', '-default_mac', '52:54:00:12:35:02'];
    const document = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await run(...mac, ...args)).stdout);
    expect(await document('-run')).toMatchObject({ warnings: [{ code: 'affinity-differs' }] });
    expect(await document('-run', '-affinitize')).toMatchObject({ warnings: [] });
    expect(await document()).toMatchObject({ warnings: [] });
  });

  it('an unknown gateway is null in JSON, with a warning', async () => {
    const { stdout } = await run('-json');
    const plan: unknown = JSON.parse(stdout);
    expect(plan).toMatchObject({ gateway: null, warnings: [{ code: 'gateway-unknown' }] });
  });

  it('-h prints the usage on stdout, -version name and version, both exit 0', async () => {
    const help = await runLauncher(artifact, ['-run', '-h']);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toMatch(/-lru_size N/);
    for (const line of help.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    const version = await runLauncher(artifact, ['-version']);
    expect(version).toMatchObject({ status: 0, stderr: '' });
    expect(version.stdout).toMatch(/^start-katran \d+\.\d+\.\d+\n$/);
  });

  it('a usage error is one line that names the flag, and where to read on; exit 2', async () => {
    const { status, stdout, stderr } = await runLauncher(artifact, ['-lru_sise', '5']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe(
      "unknown flag -lru_sise; did you mean -lru_size?\nrun 'start-katran -h' for the flags\n",
    );
  });

  it('JSON log lines hold level, time and message', async () => {
    const { stderr } = await run('-affinitize', '-log_format', 'json');
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const time: unknown = expect.stringMatching(/^\d{4}-/);
    expect(lines).toContainEqual({ level: 'info', msg: 'affinitizing irq 19 to cpu 0 mask 00000001', time });
  });
});

describe('the log', () => {
  it('is in local time', async () => {
    const directory = scratch();
    makeMachine(directory.path, { cpus: 1, queues: 1 });
    const [artifact] = ARTIFACTS;
    if (artifact === undefined) throw new Error('nothing to run');
    const at = async (TZ: string): Promise<string> => {
      const { stderr } = await runLauncher(
        artifact,
        ['-sysroot', directory.path, '-intf', 'eth0', '-affinitize_only'],
        { env: { TZ } },
      );
      return stderr.slice(0, '2019/01/28 14'.length);
    };
    const [east, west] = [await at('Etc/GMT-12'), await at('Etc/GMT+12')];
    directory.remove();
    expect(east).toMatch(/^\d{4}\/\d\d\/\d\d \d\d$/);
    expect(east).not.toBe(west);
  });
});
