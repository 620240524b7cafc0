import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CHECKS } from '../../src/doctor/checks/index.ts';
import { ARTIFACTS, BINARY, runLauncher, type Artifact, type Ended } from '../support/launcher.ts';
import { linkText, removeHosts, stageHost, type MadeHost } from '../unit/doctor/healthy-host.ts';

afterEach(removeHosts);

const JOURNAL =
  'tools/journalctl_-u_start-katran.service_-u_start-katran@*.service_-u_start-katran-affinity*.service_-n_60_--no-pager_-o_short-iso';
const HEALTHY_BUT = { passes: {}, fails: { edits: { 'proc/sys/net/core/bpf_jit_enable': '0\n' } } };

function doctor(
  artifact: Artifact,
  made: MadeHost,
  more: readonly string[] = [],
  cwd?: string,
): Promise<Ended> {
  const { flags } = stageHost(made);
  return runLauncher(artifact, ['doctor', ...flags, ...more], {
    env: { LANG: 'C.UTF-8' },
    ...(cwd === undefined ? {} : { cwd }),
  });
}

/** Every file below a directory with its content and mode; links as what they say. */
function snapshot(directory: string): Record<string, string> {
  const entries = fs.readdirSync(directory, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries.map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const { mode, mtimeMs } = fs.lstatSync(file);
      const content = entry.isSymbolicLink()
        ? fs.readlinkSync(file)
        : entry.isFile()
          ? fs.readFileSync(file, 'latin1')
          : '';
      return [file, `${mode} ${mtimeMs} ${content}`];
    }),
  );
}

describe.each(ARTIFACTS)('doctor by $name', (artifact) => {
  test('on a healthy host exits 0 and says nothing on stderr', async () => {
    const ended = await doctor(artifact, HEALTHY_BUT.passes);
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    expect(Buffer.from(ended.stdout, 'latin1').toString()).toContain('0 failed, 0 warnings');
  });

  test('exits 3 when a check fails, and ends with what to do', async () => {
    const ended = await doctor(artifact, HEALTHY_BUT.fails);
    expect(ended.status).toBe(3);
    expect(ended.stdout).toMatch(
      /1 failed[^]*fix these, in this order:\n {2}bpf-jit {2}sysctl -w net\.core\.bpf_jit_enable=1/,
    );
  });

  test('prints one JSON document with -json, every check in it', async () => {
    const ended = await doctor(artifact, HEALTHY_BUT.fails, ['-json']);
    expect(ended.status).toBe(3);
    const document: unknown = JSON.parse(ended.stdout);
    expect(document).toMatchObject({ version: 1, interface: 'eth0', summary: { fail: 1, warn: 0 } });
    expect(document).toHaveProperty('checks.length', CHECKS.length);
    const answer = { id: 'bpf-jit', group: 'BPF', status: 'fail', found: 'net.core.bpf_jit_enable = 0' };
    const why = { meaning: 'every packet is interpreted: several times slower' };
    const fix = 'sysctl -w net.core.bpf_jit_enable=1 (and into /etc/sysctl.d/)';
    expect(document).toHaveProperty('checks', expect.arrayContaining([{ ...answer, ...why, fix }]));
  });

  test('looks at this machine too: nothing throws, every check has an answer', async () => {
    const ended = await runLauncher(artifact, ['doctor', '-json', '-intf', 'lo']);
    expect([0, 3]).toContain(ended.status);
    expect(ended.stderr).toBe('');
    expect(JSON.parse(ended.stdout)).toHaveProperty('checks.length', CHECKS.length);
  });

  test('writes a report without any address but the gateway, and changes nothing else', async () => {
    const clients = '10.77.0.99 198.51.100.7 02:00:00:00:00:99 52:54:00:77:00:10 2001:db8::5';
    const { flags, sysroot, files } = stageHost({
      edits: {
        'etc/os-release': 'NAME=x\nPRETTY_NAME="Recorded Linux 1"\n',
        [JOURNAL]: `2026-11-24T10:00:00 lb start-katran[1]: katran is up and running, ${clients}\n`,
        'tools/ethtool_-i_eth0': `driver: igb\nremark: ${clients}\n`,
        'tools/ip_-d_-j_link_show_dev_eth0': linkText('eth0', {
          address: '52:54:00:77:00:10',
          ifalias: clients,
        }),
      },
    });
    const before = { ...snapshot(sysroot), ...snapshot(files) };
    const cwd = fs.mkdtempSync(path.join(os.tmpdir(), 'start-katran-report-'));
    try {
      const server = ['-server', '10.20.30.40:50051', '-report', '--', '-v=2', '--peer=203.0.113.9'];
      const ended = await runLauncher(artifact, ['doctor', ...flags, ...server], { cwd });
      expect(ended.stderr).toMatch(/report written to start-katran-report\.txt/);
      expect(fs.readdirSync(cwd)).toEqual(['start-katran-report.txt']);
      const file = path.join(cwd, 'start-katran-report.txt');
      expect(fs.statSync(file).mode & 0o777).toBe(0o600);
      const report = fs.readFileSync(file, 'utf8');
      for (const address of [...clients.split(' '), '10.20.30.40', '203.0.113.9'])
        expect(report).not.toContain(address);
      expect(report).not.toContain('hunter2');
      for (const part of [
        '10.77.0.1',
        '96:a3:21:a5:07:cb',
        'Linux version 6.12.9',
        'isolcpus=3',
        'eth0-TxRx-0',
        '-balancer_bpf',
        'driver: igb',
        'bpf_jit_enable = 1',
        '"forwarding_cores":[2,3]',
        'distribution: Recorded Linux 1',
        'memory: 15625 MiB',
        'katran is up and running',
        createHash('sha256')
          .update(fs.readFileSync(path.join(files, 'balancer.bpf.o')))
          .digest('hex'),
      ])
        expect(report).toContain(part);
      expect({ ...snapshot(sysroot), ...snapshot(files) }).toEqual(before);
    } finally {
      fs.rmSync(cwd, { recursive: true });
    }
  });

  test('does not overwrite a file that is no report: exit 1, and says so', async () => {
    const cwd = fs.mkdtempSync(path.join(os.tmpdir(), 'start-katran-report-'));
    try {
      fs.writeFileSync(path.join(cwd, 'notes.txt'), 'precious\n');
      const ended = await doctor(artifact, {}, ['-report', '-report_file', 'notes.txt'], cwd);
      expect(ended.status).toBe(1);
      expect(ended.stderr).toMatch(/notes\.txt exists and is not a report of start-katran/);
      expect(fs.readFileSync(path.join(cwd, 'notes.txt'), 'utf8')).toBe('precious\n');
    } finally {
      fs.rmSync(cwd, { recursive: true });
    }
  });
});

test.each([
  ['hangs', 'exec sleep 20', /ethtool gave no answer in 5000 ms/],
  ['fails', 'echo "netlink error: Operation not supported" >&2; exit 1', /ethtool failed: netlink error/],
  ['prints nothing', 'exit 0', /no line large-receive-offload/],
])('a tool that %s only skips what needs it', async (_what, script, reason) => {
  const bin = fs.mkdtempSync(path.join(os.tmpdir(), 'start-katran-tools-'));
  try {
    fs.writeFileSync(path.join(bin, 'ethtool'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    const ended = await runLauncher(BINARY, ['doctor', '-json', '-intf', 'lo'], { env });
    const document: unknown = JSON.parse(ended.stdout);
    expect(document).toHaveProperty(
      'checks',
      expect.arrayContaining([
        expect.objectContaining({
          id: 'lro',
          status: 'skipped',
          found: expect.stringMatching(reason) as string,
        }),
      ]),
    );
  } finally {
    fs.rmSync(bin, { recursive: true });
  }
});
